locals {
  slow  = { for step, l in local.limits : step => floor(l.seconds * var.slow_share) }
  large = { for step, l in local.limits : step => floor(lookup(var.memory_bytes, step, l.bytes) * var.memory_share) }

  # key of a condition → step ("" for all), and the threshold
  every = { "" = 0 }

  alerts = {
    step-failed = {
      title      = "a step failed", severity = "CRITICAL", metric = "failed", aligner = "ALIGN_SUM", period = 600, by = ["metric.label.step", "metric.label.cause"]
      comparison = "COMPARISON_GT", thresholds = local.every, missing = null
      says       = "A step failed for good, and its run has stopped. Its ERROR line names what to do."
    }
    step-keeps-failing = {
      title      = "a step keeps failing", severity = "WARNING", metric = "retried", aligner = "ALIGN_SUM", period = 3600, by = ["metric.label.step", "metric.label.cause"]
      comparison = "COMPARISON_GT", thresholds = { "" = 3 }, missing = null
      says       = "A step failed over three times in an hour with what may pass: a store or a source does not answer."
    }
    no-run = {
      title      = "no run for a day", severity = "CRITICAL", metric = "run", aligner = "ALIGN_SUM", period = var.silent_hours * 3600, by = []
      comparison = "COMPARISON_LT", thresholds = { "" = 1 }, missing = "EVALUATION_MISSING_DATA_ACTIVE"
      says       = "No run got as far as drift for ${var.silent_hours} hours: it failed, hangs, waits for its source, or never started."
    }
    rejected-records = {
      title      = "many rejected records", severity = "WARNING", metric = "rejected_share", aligner = "ALIGN_PERCENTILE_99", period = 3600, by = ["metric.label.step"]
      comparison = "COMPARISON_GT", thresholds = { "" = var.rejected_share }, missing = null
      says       = "Ingest rejected more than ${var.rejected_share * 100} % of a delivery's records, and went on."
    }
    drift-alert = {
      title      = "the model no longer fits", severity = "WARNING", metric = "drift_alert", aligner = "ALIGN_SUM", period = 3600, by = ["metric.label.act"]
      comparison = "COMPARISON_GT", thresholds = local.every, missing = null
      says       = "Drift's verdict is alert. What it asks for is the label act; retrain starts a run by itself."
    }
    gate-refused = {
      title      = "a gate refused the candidate", severity = "WARNING", metric = "gate_refused", aligner = "ALIGN_SUM", period = 3600, by = []
      comparison = "COMPARISON_GT", thresholds = local.every, missing = null
      says       = "Evaluate refused the new model; the old one stays. The report has gate, value and limit."
    }
    promotion-held = {
      title      = "nothing was promoted", severity = "WARNING", metric = "held", aligner = "ALIGN_SUM", period = 3600, by = []
      comparison = "COMPARISON_GT", thresholds = local.every, missing = null
      says       = "Promote kept the old model: a gate refused the new one, or a rollback is on hold."
    }
    slow-step = {
      title      = "a step is slow", severity = "WARNING", metric = "seconds", aligner = "ALIGN_PERCENTILE_99", period = 3600, by = ["metric.label.step"]
      comparison = "COMPARISON_GT", thresholds = local.slow, missing = null
      says       = "A step took more than ${var.slow_share * 100} % of its time limit."
    }
    memory-nearly-used-up = {
      title      = "a step nearly used up its memory", severity = "WARNING", metric = "peak_rss_bytes", aligner = "ALIGN_PERCENTILE_99", period = 3600, by = ["metric.label.step"]
      comparison = "COMPARISON_GT", thresholds = local.large, missing = null
      says       = "A step held more than ${var.memory_share * 100} % of its memory limit; over it, the kernel ends the step."
    }
  }

  channels = concat(var.channels, [for c in google_monitoring_notification_channel.email : c.id])
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.emails

  project      = var.project.id
  display_name = "Clientele: ${each.key}"
  type         = "email"
  labels       = { email_address = each.value }
  user_labels  = var.labels
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  project               = var.project.id
  display_name          = "Clientele: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  user_labels           = var.labels

  dynamic "conditions" {
    for_each = each.value.thresholds
    content {
      display_name = conditions.key == "" ? each.value.title : "${each.value.title}: ${conditions.key}"
      condition_threshold {
        filter = join(" AND ", concat(
          ["metric.type=\"logging.googleapis.com/user/clientele/${each.value.metric}\"", "resource.type=\"${local.resource_type}\""],
          conditions.key == "" ? [] : ["metric.labels.step=\"${conditions.key}\""],
        ))
        comparison              = each.value.comparison
        threshold_value         = conditions.value
        duration                = "0s"
        evaluation_missing_data = each.value.missing

        aggregations {
          alignment_period     = "${each.value.period}s"
          per_series_aligner   = each.value.aligner
          cross_series_reducer = endswith(each.value.aligner, "SUM") ? "REDUCE_SUM" : "REDUCE_MAX"
          group_by_fields      = each.value.by
        }
      }
    }
  }

  alert_strategy {
    auto_close = "604800s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.says} What to do: ${var.runbook}#${each.key}"
    links {
      display_name = "Runbook"
      url          = "${var.runbook}#${each.key}"
    }
  }

  # The metrics have to be there before an alert can name them.
  depends_on = [google_logging_metric.counter, google_logging_metric.distribution]
}

resource "google_billing_budget" "this" {
  count = var.budget == null ? 0 : 1

  billing_account = var.budget.billing_account
  display_name    = "Clientele: ${var.project.id}"

  budget_filter {
    projects        = ["projects/${var.project.number}"]
    calendar_period = "MONTH"
  }

  amount {
    specified_amount {
      currency_code = var.budget.currency
      units         = tostring(floor(var.budget.amount))
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1]
    content {
      threshold_percent = threshold_rules.value
    }
  }

  threshold_rules {
    threshold_percent = 1
    spend_basis       = "FORECASTED_SPEND"
  }

  all_updates_rule {
    monitoring_notification_channels = slice(local.channels, 0, min(5, length(local.channels))) # a budget takes five
  }
}
