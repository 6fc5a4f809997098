locals {
  objects = "projects/_/buckets/${var.name}/objects/"

  creators = merge([for folder, members in var.iam.creators : {
    for name, member in members : "${folder}:${name}" => { folder = folder, member = member }
  }]...)

  writers = merge([for pointer, p in var.iam.pointers : {
    for name, member in p.members : "${pointer}:${name}" => {
      pointer = pointer
      member  = member
      expression = p.ends == "" ? "resource.name == '${local.objects}${p.starts}'" : (
        "resource.name.startsWith('${local.objects}${p.starts}') && resource.name.endsWith('${p.ends}')"
      )
    }
  }]...)
}

resource "google_storage_bucket" "this" {
  project                     = var.project
  name                        = var.name
  location                    = var.location
  labels                      = var.labels
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.deletion_protection

  # Cloud Storage long refused both at once, and under a retention policy nothing is overwritten.
  versioning {
    enabled = var.retention_days == 0
  }

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 86400
  }

  dynamic "retention_policy" {
    for_each = var.retention_days > 0 ? [var.retention_days] : []
    content {
      retention_period = retention_policy.value * 86400
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key == null ? [] : [var.kms_key]
    content {
      default_kms_key_name = encryption.value
    }
  }

  dynamic "lifecycle_rule" {
    for_each = var.expiry
    content {
      action {
        type = "Delete"
      }
      condition {
        age            = lifecycle_rule.value.days
        matches_prefix = [lifecycle_rule.value.prefix]
      }
    }
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = var.noncurrent_days
      with_state                 = "ARCHIVED"
    }
  }
}

resource "google_storage_managed_folder" "this" {
  for_each = var.iam.creators

  bucket = google_storage_bucket.this.name
  name   = each.key
}

resource "google_storage_bucket_iam_member" "reader" {
  for_each = var.iam.readers

  bucket = google_storage_bucket.this.name
  role   = "roles/storage.objectViewer"
  member = each.value
}

resource "google_storage_bucket_iam_member" "maintainer" {
  for_each = var.iam.maintainers

  bucket = google_storage_bucket.this.name
  role   = "roles/storage.objectUser"
  member = each.value
}

# Create-only: these objects never change, and whoever writes them can delete nothing.
resource "google_storage_managed_folder_iam_member" "creator" {
  for_each = local.creators

  bucket         = google_storage_bucket.this.name
  managed_folder = google_storage_managed_folder.this[each.value.folder].name
  role           = "roles/storage.objectCreator"
  member         = each.value.member
}

# An overwrite needs the right to delete, so it is given for the pointer alone.
resource "google_storage_bucket_iam_member" "pointer" {
  for_each = local.writers

  bucket = google_storage_bucket.this.name
  role   = "roles/storage.objectUser"
  member = each.value.member

  condition {
    title      = "pointer ${each.value.pointer}"
    expression = each.value.expression
  }
}
