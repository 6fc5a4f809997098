# What whoever runs Terraform needs, instead of Owner. The permission is the one by which `make preflight` tells whether the role is
# there. A test holds this against the resources that both plans have.
locals {
  deployer_roles = {
    "roles/serviceusage.serviceUsageAdmin" = {
      why        = "switch on the APIs"
      permission = "serviceusage.services.enable"
      resources  = ["google_project_service"]
    }
    "roles/iam.serviceAccountAdmin" = {
      why        = "make the service accounts, and say who may act as them"
      permission = "iam.serviceAccounts.create"
      resources  = ["google_service_account", "google_service_account_iam_member"]
    }
    "roles/iam.serviceAccountUser" = {
      why        = "give the environment its service account; enough on that account, once it is there"
      permission = "iam.serviceAccounts.actAs"
      resources  = ["google_composer_environment"]
    }
    "roles/resourcemanager.projectIamAdmin" = {
      why        = "grant roles on the project; limited by a condition to the few roles that Terraform grants there"
      permission = "resourcemanager.projects.setIamPolicy"
      resources  = ["google_project_iam_member"]
    }
    "roles/storage.admin" = {
      why        = "make buckets and managed folders, and say who may use them"
      permission = "storage.buckets.create"
      resources  = ["google_storage_bucket", "google_storage_bucket_iam_member", "google_storage_managed_folder", "google_storage_managed_folder_iam_member"]
    }
    "roles/artifactregistry.admin" = {
      why        = "make the repository of the images"
      permission = "artifactregistry.repositories.create"
      resources  = ["google_artifact_registry_repository", "google_artifact_registry_repository_iam_member"]
    }
    "roles/bigquery.user" = {
      why        = "make data sets, which their maker then owns; no right on others'"
      permission = "bigquery.datasets.create"
      resources  = ["google_bigquery_dataset", "google_bigquery_dataset_iam_member"]
    }
    "roles/composer.admin" = {
      why        = "make the environment"
      permission = "composer.environments.create"
      resources  = ["google_composer_environment"]
    }
    "roles/container.clusterAdmin" = {
      why        = "make a cluster of your own, only with own_cluster"
      permission = "container.clusters.create"
      resources  = ["google_container_cluster"]
    }
    "roles/secretmanager.admin" = {
      why        = "make the secrets and say who may read them"
      permission = "secretmanager.secrets.create"
      resources  = ["google_secret_manager_secret", "google_secret_manager_secret_iam_member"]
    }
    "roles/iam.workloadIdentityPoolAdmin" = {
      why        = "let CI in without a key"
      permission = "iam.workloadIdentityPools.create"
      resources  = ["google_iam_workload_identity_pool", "google_iam_workload_identity_pool_provider"]
    }
    "roles/logging.configWriter" = {
      why        = "make metrics of the closing records"
      permission = "logging.logMetrics.create"
      resources  = ["google_logging_metric"]
    }
    "roles/monitoring.alertPolicyEditor" = {
      why        = "make the alerts"
      permission = "monitoring.alertPolicies.create"
      resources  = ["google_monitoring_alert_policy"]
    }
    "roles/monitoring.dashboardEditor" = {
      why        = "make the dashboard"
      permission = "monitoring.dashboards.create"
      resources  = ["google_monitoring_dashboard"]
    }
    "roles/monitoring.notificationChannelEditor" = {
      why        = "make the channels that alerts go to"
      permission = "monitoring.notificationChannels.create"
      resources  = ["google_monitoring_notification_channel"]
    }
    "roles/billing.costsManager" = {
      why        = "make the budget; on the billing account"
      permission = "billing.budgets.create"
      resources  = ["google_billing_budget"]
    }
  }
}
