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
    source-late = {
      title      = "a source is late", severity = "WARNING", metric = "late", aligner = "ALIGN_SUM", period = 3600, by = []
      comparison = "COMPARISON_GT", thresholds = { "" = var.late_looks }, missing = null
      says       = "Ingest looked more than ${var.late_looks} times within an hour for a delivery that is not there."
    }
    findings = {
      title      = "findings in the data", severity = "WARNING", metric = "findings", aligner = "ALIGN_PERCENTILE_99", period = 3600, by = []
      comparison = "COMPARISON_GT", thresholds = { "" = 0.5 }, missing = null
      says       = "Preprocess found what a person should know before trusting what is made of the lines. The page lists it."
    }
    slow-step = {
      title      = "a step is slow", severity = "WARNING", metric = "seconds", aligner = "ALIGN_PERCENTILE_99", period = 3600, by = ["metric.label.step"]
      comparison = "COMPARISON_GT", thresholds = local.slow, missing = null
      says       = "A step took more than ${var.slow_share * 100} % of its time limit."
    }
    slower-than-usual = {
      title      = "a step is slower than usual", severity = "WARNING", metric = "slowness", aligner = "ALIGN_PERCENTILE_99", period = 3600, by = ["metric.label.step"]
      comparison = "COMPARISON_GT", thresholds = { "" = var.slow_factor }, missing = null
      says       = "A step took more than ${var.slow_factor} times the median of its last runs. Less than half a minute counts as that."
    }
    model-is-old = {
      title      = "the model is old", severity = "WARNING", metric = "model_age_days", aligner = "ALIGN_PERCENTILE_99", period = 3600, by = []
      comparison = "COMPARISON_GT", thresholds = { "" = var.model_days }, missing = null
      says       = "The current model was first promoted more than ${var.model_days} days ago, and none has replaced it."
    }
    promotion-frozen = {
      title      = "promotions are frozen", severity = "WARNING", metric = "frozen_days", aligner = "ALIGN_PERCENTILE_99", period = 3600, by = []
      comparison = "COMPARISON_GT", thresholds = { "" = var.frozen_days }, missing = null
      says       = "A rollback or a freeze has kept every new model from being promoted for more than ${var.frozen_days} days."
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

locals {
  # What Composer itself measures: https://cloud.google.com/composer/docs/composer-3/monitor-environments
  platform = {
    environment-unhealthy = {
      title      = "the environment is unhealthy", severity = "CRITICAL", resource = "cloud_composer_environment", metric = "environment/healthy", where = ""
      aligner    = "ALIGN_FRACTION_TRUE", period = 900, duration = 900, reducer = "REDUCE_MEAN"
      comparison = "COMPARISON_LT", threshold = 0.5, missing = "EVALUATION_MISSING_DATA_INACTIVE"
      says       = "Composer's own check of the environment has failed for a quarter of an hour: tasks do not start."
    }
    scheduler-silent = {
      title      = "the scheduler is silent", severity = "CRITICAL", resource = "cloud_composer_environment", metric = "environment/scheduler_heartbeat_count", where = ""
      aligner    = "ALIGN_SUM", period = 300, duration = 600, reducer = "REDUCE_SUM"
      comparison = "COMPARISON_LT", threshold = 1, missing = "EVALUATION_MISSING_DATA_ACTIVE"
      says       = "No scheduler has given a sign of life for ten minutes: nothing is started."
    }
    dags-do-not-parse = {
      title      = "a DAG file does not parse", severity = "ERROR", resource = "cloud_composer_environment", metric = "environment/dag_processing/parse_error_count", where = ""
      aligner    = "ALIGN_SUM", period = 300, duration = 300, reducer = "REDUCE_SUM"
      comparison = "COMPARISON_GT", threshold = 0, missing = null
      says       = "A DAG file has an import error, and its DAGs do not run; a wrong setting is one too."
    }
    run-failed = {
      title      = "a run failed", severity = "ERROR", resource = "cloud_composer_workflow", metric = "workflow/run_count", where = "metric.labels.state=\"failed\" AND resource.labels.workflow_name=starts_with(\"clientele_\")"
      aligner    = "ALIGN_SUM", period = 600, duration = 0, reducer = "REDUCE_SUM"
      comparison = "COMPARISON_GT", threshold = 0, missing = null
      says       = "A run of one of the DAGs failed. Beside a step that failed, it may be a task of Airflow's own, such as data_are_sound."
    }
  }

  # Airflow's words for a step that was over its memory limit.
  out_of_memory = "out of memory"

  killed = {
    title = "a step ran out of memory", severity = "ERROR", says = "A step was ended because it was over its memory limit. Trying again does not help."
  }
}

resource "google_monitoring_alert_policy" "platform" {
  for_each = var.environment == null ? {} : local.platform

  project               = var.project.id
  display_name          = "Clientele: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  user_labels           = var.labels

  conditions {
    display_name = each.value.title
    condition_threshold {
      filter = join(" AND ", compact([
        "metric.type=\"composer.googleapis.com/${each.value.metric}\"",
        "resource.type=\"${each.value.resource}\"",
        "resource.labels.environment_name=\"${coalesce(var.environment, "-")}\"",
        each.value.where,
      ]))
      comparison              = each.value.comparison
      threshold_value         = each.value.threshold
      duration                = "${each.value.duration}s"
      evaluation_missing_data = each.value.missing

      aggregations {
        alignment_period     = "${each.value.period}s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
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
}

resource "google_monitoring_alert_policy" "out_of_memory" {
  count = var.environment == null ? 0 : 1

  project               = var.project.id
  display_name          = "Clientele: ${local.killed.title}"
  combiner              = "OR"
  severity              = local.killed.severity
  notification_channels = local.channels
  user_labels           = var.labels

  conditions {
    display_name = local.killed.title
    condition_threshold {
      filter          = "metric.type=\"logging.googleapis.com/user/clientele/out_of_memory\" AND resource.type=\"cloud_composer_environment\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  alert_strategy {
    auto_close = "604800s"
  }

  documentation {
    mime_type = "text/markdown"
    content   = "${local.killed.says} What to do: ${var.runbook}#out-of-memory"
    links {
      display_name = "Runbook"
      url          = "${var.runbook}#out-of-memory"
    }
  }

  depends_on = [google_logging_metric.out_of_memory]
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
