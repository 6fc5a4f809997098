# Metrics of the closing record, the last record of every step (docs/runbook.md has its fields). A filter is a field and its value
# in JSON, so that it reads the same in a pod's JSON and in the text of a worker's log.
locals {
  text = var.logs.environment != null

  source = local.text ? join(" AND ", [
    "resource.type=\"cloud_composer_environment\"",
    "resource.labels.environment_name=\"${coalesce(var.logs.environment, "-")}\"",
    "log_id(\"airflow-worker\")",
    ]) : join(" AND ", [
    "resource.type=\"k8s_container\"",
    "resource.labels.namespace_name=\"${coalesce(var.logs.namespace, "-")}\"",
  ])

  resource_type = local.text ? "cloud_composer_environment" : "k8s_container"

  counters = {
    failed       = { about = "Steps that failed for good", where = { message = "step failed", retry = false }, labels = ["step", "cause"] }
    retried      = { about = "Steps that failed and are tried again", where = { message = "step failed", retry = true }, labels = ["step", "cause"] }
    run          = { about = "Runs that got as far as drift", where = { message = "step finished", step = "drift" }, labels = ["step"] }
    drift_alert  = { about = "Verdict alert of drift", where = { message = "step finished", step = "drift", verdict = "alert" }, labels = ["act"] }
    gate_refused = { about = "Candidates that a gate refused", where = { message = "step finished", step = "evaluate", verdict = "fail" }, labels = ["step"] }
    late         = { about = "Looks for a source that is not there yet", where = { message = "step failed", step = "ingest", cause = "source" }, labels = ["step"] }
    held         = { about = "Promotions on hold", where = { message = "step finished", step = "promote", action = "hold" }, labels = ["step"] }
  }

  distributions = {
    rejected_share = { about = "Share of rejected records", field = "rejected_share", unit = "1", bounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5] }
    seconds        = { about = "Duration of a step", field = "seconds", unit = "s", bounds = [1, 10, 60, 300, 600] }
    cpu_seconds    = { about = "Processor time of a step", field = "cpu_seconds", unit = "s", bounds = [1, 10, 60, 300, 600, 1800, 3600, 7200] }
    customers      = { about = "Customers that preprocess made, or score assigned", field = "customers", unit = "1", bounds = [100, 1000, 10000, 100000, 1000000, 10000000] }
    moved          = { about = "Customers that changed segment", field = "moved", unit = "1", bounds = [10, 100, 1000, 10000, 100000, 1000000] }
    findings       = { about = "Findings of preprocess", field = "findings", unit = "1", bounds = [0.5, 1.5, 2.5, 5.5, 10.5] }
    slowness       = { about = "Duration of a step, over the median of its last runs", field = "slowness", unit = "1", bounds = [0.25, 0.5, 1, 1.5, 2, 5, 10] }
    model_age_days = { about = "Days since the model was first promoted", field = "model_age_days", unit = "d", bounds = [7, 30, 60, 90, 180, 365] }
    frozen_days    = { about = "Days since promotions are on hold", field = "frozen_days", unit = "d", bounds = [1, 7, 30, 60, 90] }
    gib_hours      = { about = "GiB-hours of a step", field = "gib_hours", unit = "1", bounds = [0.001, 0.01, 0.1, 1, 10] }
    read_bytes     = { about = "Bytes of the objects that a step opened", field = "read_bytes", unit = "By", bounds = [1048576, 104857600, 1073741824, 10737418240] }
    written_bytes  = { about = "Bytes of the objects that a step wrote", field = "written_bytes", unit = "By", bounds = [1048576, 104857600, 1073741824, 10737418240] }
    peak_rss_bytes = { about = "Most memory of a step at once", field = "peak_rss_bytes", unit = "By", bounds = [67108864, 268435456, 536870912] }
  }

  # A threshold is a bound too: a percentile is exact only there.
  thresholds = {
    rejected_share = [var.rejected_share]
    seconds        = values(local.slow)
    cpu_seconds    = []
    customers      = []
    moved          = []
    findings       = []
    slowness       = [var.slow_factor]
    model_age_days = [var.model_days]
    frozen_days    = [var.frozen_days]
    gib_hours      = []
    read_bytes     = []
    written_bytes  = []
    peak_rss_bytes = values(local.large)
  }

  # Numbers in order; sort() knows texts only.
  bounds = { for name, d in local.distributions : name => [
    for s in sort([for b in distinct(concat(d.bounds, local.thresholds[name])) : format("%032.9f", b)]) : tonumber(s)
  ] }
}

resource "google_logging_metric" "counter" {
  for_each = local.counters

  project     = var.project.id
  name        = "clientele/${each.key}"
  description = "${each.value.about}, by the closing records."
  filter = join(" AND ", concat([local.source], [
    for field, value in each.value.where :
    local.text ? "textPayload:${jsonencode("\"${field}\":${jsonencode(value)}")}" : "jsonPayload.${field}=${jsonencode(value)}"
  ]))

  label_extractors = {
    for field in each.value.labels :
    field => local.text ? "REGEXP_EXTRACT(textPayload, ${jsonencode("\"${field}\":\"([a-z_]+)\"")})" : "EXTRACT(jsonPayload.${field})"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }
}

resource "google_logging_metric" "distribution" {
  for_each = local.distributions

  project     = var.project.id
  name        = "clientele/${each.key}"
  description = "${each.value.about}, by the closing records."
  filter = join(" AND ", [
    local.source,
    local.text ? "textPayload:${jsonencode("\"message\":\"step finished\"")}" : "jsonPayload.message=\"step finished\"",
    local.text ? "textPayload:${jsonencode("\"${each.value.field}\":")}" : "jsonPayload.${each.value.field}:*",
  ])

  value_extractor = local.text ? "REGEXP_EXTRACT(textPayload, ${jsonencode("\"${each.value.field}\":([0-9.e+-]+)")})" : "EXTRACT(jsonPayload.${each.value.field})"

  label_extractors = {
    step = local.text ? "REGEXP_EXTRACT(textPayload, ${jsonencode("\"step\":\"([a-z_]+)\"")})" : "EXTRACT(jsonPayload.step)"
  }

  bucket_options {
    explicit_buckets {
      bounds = local.bounds[each.key]
    }
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = each.value.unit

    labels {
      key        = "step"
      value_type = "STRING"
    }
  }
}

# A step that the kernel ended has no closing record: Airflow says so in its task's log (dags/clientele/outcome.py).
resource "google_logging_metric" "out_of_memory" {
  count = var.environment == null ? 0 : 1

  project     = var.project.id
  name        = "clientele/out_of_memory"
  description = "Steps that were ended because they were over their memory limit, by Airflow's log."
  filter = join(" AND ", [
    "resource.type=\"cloud_composer_environment\"",
    "resource.labels.environment_name=\"${coalesce(var.environment, "-")}\"",
    "log_id(\"airflow-worker\")",
    "textPayload:\"${local.out_of_memory}\"",
  ])

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
  }
}
