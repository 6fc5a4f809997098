locals {
  datasets = { for n in var.names : n => "clientele_${replace(n, "-", "_")}" }

  publishers = merge([for key in keys(local.datasets) : {
    for name, member in var.publishers : "${key}:${name}" => { key = key, member = member }
  }]...)

  readers = merge([for n in var.names : {
    for name, member in var.readers : "${n}:${name}" => { key = n, member = member }
  }]...)
}

# Only the data sets: their tables are made and extended by whoever publishes, from the declarations of the tables. Its staging tables are
# there too, each with an expiry of its own (a day).
resource "google_bigquery_dataset" "this" {
  for_each = local.datasets

  project                    = var.project
  dataset_id                 = each.value
  location                   = var.location
  labels                     = var.labels
  delete_contents_on_destroy = !var.deletion_protection

  dynamic "default_encryption_configuration" {
    for_each = var.kms_key == null ? [] : [var.kms_key]
    content {
      kms_key_name = default_encryption_configuration.value
    }
  }
}

resource "google_bigquery_dataset_iam_member" "publisher" {
  for_each = local.publishers

  project    = var.project
  dataset_id = google_bigquery_dataset.this[each.value.key].dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = each.value.member
}

resource "google_bigquery_dataset_iam_member" "reader" {
  for_each = local.readers

  project    = var.project
  dataset_id = google_bigquery_dataset.this[each.value.key].dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value.member
}

# The right to run jobs exists on projects only. It gives no access to data.
resource "google_project_iam_member" "jobs" {
  for_each = var.publishers

  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = each.value
}
