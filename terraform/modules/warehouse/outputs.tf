output "datasets" {
  description = "Name → id of its data set; name:staging → that of its staging."
  value       = { for key, d in google_bigquery_dataset.this : key => d.dataset_id }
}
