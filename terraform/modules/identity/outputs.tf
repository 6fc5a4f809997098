output "emails" {
  description = "Account id → email of the service account, once it has its roles on the project."
  value       = local.emails
  depends_on  = [google_project_iam_member.account]
}

output "members" {
  description = "Account id → IAM member."
  value       = { for id, email in local.emails : id => "serviceAccount:${email}" }
}

output "pods" {
  description = "Step → IAM member of its pods on a cluster of your own; empty without."
  value = var.pods == null ? {} : {
    for step, account in var.pods.accounts : step => "principal://iam.googleapis.com/${local.pool}/subject/ns/${var.pods.namespace}/sa/${account}"
  }
}

output "deployer_roles" {
  description = "Role → why whoever runs Terraform needs it on the project, and for which types of resources. Owner is not among them."
  value       = local.deployer_roles
}
