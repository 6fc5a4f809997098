mock_provider "google" {}

variables {
  project  = { id = "shop-dev", number = 123456789012 }
  location = "europe-west2"
  labels   = { app = "clientele" }
}

run "an_account_with_one_role" {
  command = plan
  variables {
    accounts = { clientele-airflow = { purpose = "the environment", project_roles = ["roles/composer.worker"], users = { ci = "serviceAccount:ci@x" } } }
  }

  assert {
    condition     = output.members["clientele-airflow"] == "serviceAccount:clientele-airflow@shop-dev.iam.gserviceaccount.com"
    error_message = output.members["clientele-airflow"]
  }
  assert {
    condition     = google_service_account_iam_member.user["clientele-airflow:ci"].role == "roles/iam.serviceAccountUser"
    error_message = "acting as an account is no more than that"
  }
}

run "a_step_is_an_identity" {
  command = plan
  variables {
    pods = { namespace = "clientele", accounts = { promote = "clientele-promote" } }
  }

  assert {
    condition     = output.pods["promote"] == "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/shop-dev.svc.id.goog/subject/ns/clientele/sa/clientele-promote"
    error_message = output.pods["promote"]
  }
  assert {
    condition     = length(google_service_account.this) == 0
    error_message = "a pod's identity needs no service account"
  }
}

run "a_secret_is_in_its_region" {
  command = plan
  variables {
    secrets = { customer-key = { purpose = "hashes customers", accessors = { group = "group:keys@shop.example" } } }
  }

  assert {
    condition     = google_secret_manager_secret.this["customer-key"].replication[0].user_managed[0].replicas[0].location == "europe-west2" && google_secret_manager_secret.this["customer-key"].deletion_protection
    error_message = "the secret leaves its region, or can be lost"
  }
  assert {
    condition     = google_secret_manager_secret_iam_member.accessor["customer-key:group"].role == "roles/secretmanager.secretAccessor"
    error_message = "reading is no more than that"
  }
}

run "owner" {
  command = plan
  variables {
    accounts = { clientele-airflow = { purpose = "x", project_roles = ["roles/owner"] } }
  }
  expect_failures = [var.accounts]
}

run "storage_on_the_project" {
  command = plan
  variables {
    accounts = { clientele-airflow = { purpose = "x", project_roles = ["roles/storage.objectAdmin"] } }
  }
  expect_failures = [var.accounts]
}

run "an_admin" {
  command = plan
  variables {
    accounts = { clientele-airflow = { purpose = "x", project_roles = ["roles/bigquery.admin"] } }
  }
  expect_failures = [var.accounts]
}

run "an_account_of_any_name" {
  command = plan
  variables {
    accounts = { x = { purpose = "x" } }
  }
  expect_failures = [var.accounts]
}
