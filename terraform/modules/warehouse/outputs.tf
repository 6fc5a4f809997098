output "datasets" {
  description = "Name → id of its data set."
  value       = { for name, d in google_bigquery_dataset.this : name => d.dataset_id }
}
