output "metrics" {
  description = "Names of the log-based metrics."
  value       = sort(concat([for m in google_logging_metric.counter : m.name], [for m in google_logging_metric.distribution : m.name]))
}

output "alerts" {
  description = "Section of the runbook → title of its alert."
  value       = { for key, a in google_monitoring_alert_policy.this : key => a.display_name }
}
