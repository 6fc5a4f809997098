mock_provider "google" {}

variables {
  project  = "shop-dev"
  location = "europe-west2"
  labels   = { app = "clientele" }
}

run "tags_never_move" {
  command = plan
  variables {
    readers = { airflow = "serviceAccount:airflow@x" }
    writers = { ci = "serviceAccount:ci@x" }
  }

  assert {
    condition     = google_artifact_registry_repository.this.docker_config[0].immutable_tags
    error_message = "a tag can move"
  }
  assert {
    condition     = alltrue([for p in google_artifact_registry_repository.this.cleanup_policies : p.condition[0].tag_state == "UNTAGGED"])
    error_message = "an image with a tag is deleted"
  }
  assert {
    condition     = google_artifact_registry_repository_iam_member.reader["airflow"].role == "roles/artifactregistry.reader" && google_artifact_registry_repository_iam_member.writer["ci"].role == "roles/artifactregistry.writer"
    error_message = "who pulls may push, or who pushes may not"
  }
}

run "cleaned_up_under_a_run" {
  command = plan
  variables {
    untagged_days = 1
  }
  expect_failures = [var.untagged_days]
}
