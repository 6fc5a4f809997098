# One page: what the business sees first, then the steps, then the platform.
locals {
  tiles = concat(
    [
      { title = "Customers", metric = "customers", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["metric.label.step"] },
      { title = "Customers that changed segment", metric = "moved", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = [] },
      { title = "Findings in the data", metric = "findings", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = [] },
      { title = "Share of rejected records", metric = "rejected_share", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = [] },
      { title = "Drift: verdict alert, by what it asks for", metric = "drift_alert", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["metric.label.act"] },
      { title = "Candidates that a gate refused", metric = "gate_refused", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = [] },
      { title = "Promotions on hold", metric = "held", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = [] },
      { title = "Age of the model in days", metric = "model_age_days", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = [] },
      { title = "Days since promotions are on hold", metric = "frozen_days", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = [] },
      { title = "Runs that got as far as drift", metric = "run", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = [] },
      { title = "Steps that failed for good, by cause", metric = "failed", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["metric.label.step", "metric.label.cause"] },
      { title = "Steps that are tried again, by cause", metric = "retried", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["metric.label.step", "metric.label.cause"] },
      { title = "Looks for a late source", metric = "late", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = [] },
      { title = "Duration of a step in s", metric = "seconds", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["metric.label.step"] },
      { title = "Duration over the usual", metric = "slowness", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["metric.label.step"] },
      { title = "Processor time of a step in s", metric = "cpu_seconds", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["metric.label.step"] },
      { title = "Most memory of a step in bytes", metric = "peak_rss_bytes", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["metric.label.step"] },
      { title = "GiB-hours of a step", metric = "gib_hours", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["metric.label.step"] },
      { title = "Bytes that a step reads", metric = "read_bytes", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["metric.label.step"] },
      { title = "Bytes that a step writes", metric = "written_bytes", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["metric.label.step"] },
    ],
    var.environment == null ? [] : [
      { title = "Steps out of memory", metric = "out_of_memory", aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = [] },
    ],
  )

  platform_tiles = var.environment == null ? {} : local.platform

  widgets = concat(
    [for t in local.tiles : {
      title = t.title
      query = "metric.type=\"logging.googleapis.com/user/clientele/${t.metric}\" AND resource.type=\"${t.metric == "out_of_memory" ? "cloud_composer_environment" : local.resource_type}\""
      with  = { alignmentPeriod = "3600s", perSeriesAligner = t.aligner, crossSeriesReducer = t.reducer, groupByFields = t.by }
    }],
    [for t in values(local.platform_tiles) : {
      title = "Alert: ${t.title}"
      query = "metric.type=\"composer.googleapis.com/${t.metric}\" AND resource.type=\"${t.resource}\""
      with  = { alignmentPeriod = "${t.period}s", perSeriesAligner = t.aligner, crossSeriesReducer = t.reducer, groupByFields = [] }
    }],
  )
}

resource "google_monitoring_dashboard" "this" {
  project = var.project.id
  dashboard_json = jsonencode({
    displayName = "Clientele"
    labels      = { for key, value in var.labels : key => value }
    mosaicLayout = {
      columns = 12
      tiles = [for i, w in local.widgets : {
        xPos   = (i % 2) * 6
        yPos   = floor(i / 2) * 4
        width  = 6
        height = 4
        widget = {
          title   = w.title
          xyChart = { dataSets = [{ plotType = "LINE", timeSeriesQuery = { timeSeriesFilter = { filter = w.query, aggregation = w.with } } }] }
        }
      }]
    }
  })

  depends_on = [google_logging_metric.counter, google_logging_metric.distribution]
}
