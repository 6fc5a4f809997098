output "name" {
  description = "Name of the environment."
  value       = google_composer_environment.this.name
}

output "airflow" {
  description = "Address of Airflow's page."
  value       = one(google_composer_environment.this.config[*].airflow_uri)
}

output "dags" {
  description = "gs:// URL of the folder that DAGs are deployed to."
  value       = "gs://${var.bucket}/dags"
}
