mock_provider "google" {}

variables {
  project    = "shop-dev"
  location   = "europe-west2"
  labels     = { app = "clientele" }
  names      = ["segments", "vip-shop"]
  publishers = { airflow = "serviceAccount:airflow@x" }
  readers    = { analysts = "group:analysts@shop.example" }
}

run "a_data_set_a_name" {
  command = plan

  assert {
    condition     = google_bigquery_dataset.this["vip-shop"].dataset_id == "clientele_vip_shop" && length(google_bigquery_dataset.this) == 2
    error_message = "a data set's name has no hyphen"
  }
  assert {
    condition     = alltrue([for d in google_bigquery_dataset.this : d.default_table_expiration_ms == null])
    error_message = "what is published would expire"
  }
  assert {
    condition     = alltrue([for d in google_bigquery_dataset.this : !d.delete_contents_on_destroy])
    error_message = "tables can be destroyed with their data set"
  }
}

run "who_may_do_what" {
  command = plan

  assert {
    condition     = length(google_bigquery_dataset_iam_member.publisher) == 2 && length(google_bigquery_dataset_iam_member.reader) == 2
    error_message = "one right for each data set"
  }
  assert {
    condition     = google_project_iam_member.jobs["airflow"].role == "roles/bigquery.jobUser"
    error_message = "no right on data by the project"
  }
}

run "two_names_one_data_set" {
  command = plan
  variables {
    names = ["a-b", "a_b"]
  }
  expect_failures = [var.names]
}

run "a_name_that_airflow_refuses" {
  command = plan
  variables {
    names = ["Segments"]
  }
  expect_failures = [var.names]
}

run "everybody_reads" {
  command = plan
  variables {
    readers = { world = "allAuthenticatedUsers" }
  }
  expect_failures = [var.readers]
}
