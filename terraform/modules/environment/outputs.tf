output "buckets" {
  description = "raw, pipeline, registry and airflow → gs:// URL."
  value = {
    raw      = module.raw_bucket.url
    pipeline = module.pipeline_bucket.url
    registry = module.registry_bucket.url
    airflow  = module.airflow_bucket.url
  }
}

output "dags" {
  description = "gs:// URL of the folder that DAGs are deployed to."
  value       = module.composer.dags
}

output "airflow" {
  description = "Address of Airflow's page."
  value       = module.composer.airflow
}

output "images" {
  description = "The images' names before /ingest."
  value       = module.images.prefix
}

output "environment" {
  description = "Name of Composer's environment."
  value       = module.composer.name
}

output "ci" {
  description = "What CI's login asks for: the provider, and the accounts by job; null without a repository."
  value       = var.repository == null ? null : { provider = module.cicd[0].provider, accounts = module.cicd[0].emails }
}

output "deployer_roles" {
  description = "Role → why whoever runs Terraform needs it, and for which resources."
  value       = module.identity.deployer_roles
}
