locals {
  # Each job of CI is an account of its own: who pushes images deploys nothing.
  accounts = {
    images = "clientele-ci-images"
    dags   = "clientele-ci-dags"
  }
}

resource "google_iam_workload_identity_pool" "this" {
  project                   = var.project.id
  workload_identity_pool_id = "clientele-ci"
  display_name              = "Clientele's CI"
}

resource "google_iam_workload_identity_pool_provider" "this" {
  project                            = var.project.id
  workload_identity_pool_id          = google_iam_workload_identity_pool.this.workload_identity_pool_id
  workload_identity_pool_provider_id = "clientele-ci"
  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
    "attribute.ref"        = "assertion.ref"
  }
  # Anybody's repository has tokens of this issuer: without a condition all of them come in.
  attribute_condition = "assertion.repository == '${var.repository}' && assertion.ref == '${var.ref}'"

  oidc {
    issuer_uri = var.issuer
  }
}

resource "google_service_account" "this" {
  for_each = local.accounts

  project      = var.project.id
  account_id   = each.value
  display_name = "Clientele's CI: ${each.key}"
}

resource "google_service_account_iam_member" "ci" {
  for_each = local.accounts

  service_account_id = google_service_account.this[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/projects/${var.project.number}/locations/global/workloadIdentityPools/${google_iam_workload_identity_pool.this.workload_identity_pool_id}/attribute.repository/${var.repository}"
}
