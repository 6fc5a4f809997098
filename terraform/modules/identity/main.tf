locals {
  project_roles = merge([for id, a in var.accounts : {
    for role in a.project_roles : "${id}:${role}" => { id = id, role = role }
  }]...)

  users = merge([for id, a in var.accounts : {
    for name, member in a.users : "${id}:${name}" => { id = id, member = member }
  }]...)

  accessors = merge([for id, s in var.secrets : {
    for name, member in s.accessors : "${id}:${name}" => { id = id, member = member }
  }]...)

  # Of the configuration, not of the created account: it is known before the first apply.
  emails = { for id, a in google_service_account.this : id => "${a.account_id}@${var.project.id}.iam.gserviceaccount.com" }

  pool = "projects/${var.project.number}/locations/global/workloadIdentityPools/${var.project.id}.svc.id.goog"
}

resource "google_service_account" "this" {
  for_each = var.accounts

  project      = var.project.id
  account_id   = each.key
  display_name = each.value.purpose
}

resource "google_project_iam_member" "account" {
  for_each = local.project_roles

  project = var.project.id
  role    = each.value.role
  member  = "serviceAccount:${local.emails[each.value.id]}"
}

resource "google_service_account_iam_member" "user" {
  for_each = local.users

  service_account_id = google_service_account.this[each.value.id].name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value.member
}

resource "google_secret_manager_secret" "this" {
  for_each = var.secrets

  project             = var.project.id
  secret_id           = each.key
  labels              = var.labels
  annotations         = { purpose = each.value.purpose }
  deletion_protection = var.deletion_protection
  version_destroy_ttl = "604800s" # a version that was destroyed by mistake can be had back for a week

  replication {
    user_managed {
      replicas {
        location = var.location
        dynamic "customer_managed_encryption" {
          for_each = var.kms_key == null ? [] : [var.kms_key]
          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "accessor" {
  for_each = local.accessors

  project   = var.project.id
  secret_id = google_secret_manager_secret.this[each.value.id].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = each.value.member
}
