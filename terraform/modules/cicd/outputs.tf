output "provider" {
  description = "Name of the provider, which CI's login asks for."
  value       = "projects/${var.project.number}/locations/global/workloadIdentityPools/${google_iam_workload_identity_pool.this.workload_identity_pool_id}/providers/${google_iam_workload_identity_pool_provider.this.workload_identity_pool_provider_id}"
}

output "emails" {
  description = "Job (images, dags) → email of its service account."
  value       = { for job, a in google_service_account.this : job => "${a.account_id}@${var.project.id}.iam.gserviceaccount.com" }
}

output "members" {
  description = "Job (images, dags) → IAM member."
  value       = { for job, a in google_service_account.this : job => "serviceAccount:${a.account_id}@${var.project.id}.iam.gserviceaccount.com" }
}
