output "metrics" {
  description = "Names of the log-based metrics."
  value       = sort(concat([for m in google_logging_metric.counter : m.name], [for m in google_logging_metric.distribution : m.name], [for m in google_logging_metric.out_of_memory : m.name]))
}

output "alerts" {
  description = "Section of the runbook → title of its alert."
  value = merge(
    { for key, a in google_monitoring_alert_policy.this : key => a.display_name },
    { for key, a in google_monitoring_alert_policy.platform : key => a.display_name },
    { for a in google_monitoring_alert_policy.out_of_memory : "out-of-memory" => a.display_name },
  )
}
