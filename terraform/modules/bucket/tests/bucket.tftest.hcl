mock_provider "google" {}

variables {
  project  = "shop-dev"
  name     = "shop-dev-pipeline"
  location = "europe-west2"
  labels   = { app = "clientele" }
  pointers = true
}

run "private_and_versioned" {
  command = plan

  assert {
    condition     = google_storage_bucket.this.public_access_prevention == "enforced" && google_storage_bucket.this.uniform_bucket_level_access
    error_message = "the bucket is not private"
  }
  assert {
    condition     = google_storage_bucket.this.versioning[0].enabled && !google_storage_bucket.this.force_destroy
    error_message = "objects, or all of them, can be lost at once"
  }
  assert {
    condition     = length(google_storage_bucket.this.retention_policy) == 0 && length(google_storage_bucket.this.encryption) == 0
    error_message = "a policy that nobody asked for"
  }
}

run "retention_where_nothing_is_overwritten" {
  command = plan
  variables {
    pointers       = false
    retention_days = 30
  }

  assert {
    condition     = google_storage_bucket.this.retention_policy[0].retention_period == "2592000" && !google_storage_bucket.this.versioning[0].enabled
    error_message = "want 30 days in seconds, and no versions beside them"
  }
}

run "retention_where_a_pointer_is" {
  command = plan
  variables {
    retention_days = 30
  }
  expect_failures = [var.retention_days]
}

run "rights" {
  command = plan
  variables {
    iam = {
      readers  = { score = "serviceAccount:score@x" }
      creators = { "lines/" = { ingest = "serviceAccount:ingest@x" } }
      pointers = {
        lines   = { starts = "state/lines.json", members = { ingest = "serviceAccount:ingest@x" } }
        current = { starts = "runs/", ends = "/current.json", members = { score = "serviceAccount:score@x" } }
      }
    }
  }

  assert {
    condition     = google_storage_managed_folder_iam_member.creator["lines/:ingest"].role == "roles/storage.objectCreator"
    error_message = "immutable objects are created, never overwritten"
  }
  assert {
    condition     = google_storage_bucket_iam_member.pointer["lines:ingest"].condition[0].expression == "resource.name == 'projects/_/buckets/shop-dev-pipeline/objects/state/lines.json'"
    error_message = google_storage_bucket_iam_member.pointer["lines:ingest"].condition[0].expression
  }
  assert {
    condition     = google_storage_bucket_iam_member.pointer["current:score"].condition[0].expression == "resource.name.startsWith('projects/_/buckets/shop-dev-pipeline/objects/runs/') && resource.name.endsWith('/current.json')"
    error_message = google_storage_bucket_iam_member.pointer["current:score"].condition[0].expression
  }
}

run "a_folder_is_no_prefix" {
  command = plan
  variables {
    iam = { creators = { lines = {} } }
  }
  expect_failures = [var.iam]
}

run "everybody_is_nobody" {
  command = plan
  variables {
    iam = { readers = { world = "allUsers" } }
  }
  expect_failures = [var.iam]
}

run "a_writer_of_a_pointer_without_pointers" {
  command = plan
  variables {
    pointers = false
    iam      = { pointers = { head = { starts = "segments/HEAD.json", members = {} } } }
  }
  expect_failures = [var.iam]
}

run "expiry_of_a_prefix" {
  command = plan
  variables {
    expiry = { runs = { prefix = "shop/runs/", days = 400 } }
  }

  assert {
    condition     = length(google_storage_bucket.this.lifecycle_rule) == 2
    error_message = "one rule for runs, one for overwritten versions"
  }
}

run "expiry_of_everything" {
  command = plan
  variables {
    expiry = { runs = { prefix = "", days = 400 } }
  }
  expect_failures = [var.expiry]
}

run "soft_delete_out_of_range" {
  command = plan
  variables {
    soft_delete_days = 3
  }
  expect_failures = [var.soft_delete_days]
}
