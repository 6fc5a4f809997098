mock_provider "google" {}

variables {
  project         = { id = "shop-dev", number = 123456789012 }
  region          = "europe-west2"
  labels          = { app = "clientele" }
  image_version   = "composer-3-airflow-3.1.7"
  service_account = "clientele-airflow@shop-dev.iam.gserviceaccount.com"
  bucket          = "shop-dev-airflow"
  settings        = { CLIENTELE_ROOT = "gs://shop-dev-pipeline/shop", CLIENTELE_IMAGE_PREFIX = "images.example/clientele" }
}

run "private_on_its_own_bucket" {
  command = plan

  assert {
    condition     = google_composer_environment.this.config[0].enable_private_environment && google_composer_environment.this.storage_config[0].bucket == "shop-dev-airflow"
    error_message = "the environment is public, or its bucket is not its own"
  }
  assert {
    condition     = google_composer_environment.this.config[0].environment_size == "ENVIRONMENT_SIZE_SMALL" && google_composer_environment.this.config[0].resilience_mode == "STANDARD_RESILIENCE"
    error_message = "the sizes of Composer are written otherwise"
  }
  assert {
    condition     = google_composer_environment.this.config[0].software_config[0].env_variables["CLIENTELE_ROOT"] == "gs://shop-dev-pipeline/shop"
    error_message = "the DAGs do not get their settings"
  }
  assert {
    condition     = length(google_composer_environment.this.config[0].recovery_config) == 0 && google_project_iam_member.agent.member == "serviceAccount:service-123456789012@cloudcomposer-accounts.iam.gserviceaccount.com"
    error_message = "snapshots that nobody asked for, or another agent"
  }
}

run "a_build_of_a_version" {
  command = plan
  variables {
    image_version = "composer-3-airflow-2.10.5-build.12"
  }
}

run "composer_2" {
  command = plan
  variables {
    image_version = "composer-2.9.7-airflow-2.9.3"
  }
  expect_failures = [var.image_version]
}

run "a_version_that_moves" {
  command = plan
  variables {
    image_version = "composer-3-airflow-3"
  }
  expect_failures = [var.image_version]
}

run "a_timeout_that_composer_refuses" {
  command = plan
  variables {
    airflow_overrides = { dag_processor-dag_file_processor_timeout = "900" }
  }
  expect_failures = [var.airflow_overrides]
}

run "a_timeout_that_is_no_number" {
  command = plan
  variables {
    airflow_overrides = { core-dag_file_processor_timeout = "10m" }
  }
  expect_failures = [var.airflow_overrides]
}

run "the_largest_timeout" {
  command = plan
  variables {
    airflow_overrides = { core-dag_file_processor_timeout = "600" }
  }
}

run "an_option_without_its_section" {
  command = plan
  variables {
    airflow_overrides = { parallelism = "8" }
  }
  expect_failures = [var.airflow_overrides]
}

run "a_variable_that_no_dag_reads" {
  command = plan
  variables {
    settings = { CLIENTELE_ROOT = "gs://b/p", CLIENTELE_IMAGE_PREFIX = "x", CLIENTELE_IMAGETAG = "1.2.3" }
  }
  expect_failures = [var.settings]
}

run "without_a_root" {
  command = plan
  variables {
    settings = { CLIENTELE_IMAGE_PREFIX = "x" }
  }
  expect_failures = [var.settings]
}

run "an_image_that_moves" {
  command = plan
  variables {
    settings = { CLIENTELE_ROOT = "gs://b/p", CLIENTELE_IMAGE_PREFIX = "x", CLIENTELE_IMAGE_TAG = "latest" }
  }
  expect_failures = [var.settings]
}

run "an_unknown_size" {
  command = plan
  variables {
    size = "huge"
  }
  expect_failures = [var.size]
}

run "resilient_with_one_scheduler" {
  command = plan
  variables {
    resilient = true
  }
  expect_failures = [var.resilient]
}

run "no_worker" {
  command = plan
  variables {
    workloads = { worker = { min_count = 0 } }
  }
  expect_failures = [var.workloads]
}

run "snapshots_and_ranges" {
  command = plan
  variables {
    snapshots         = { location = "gs://shop-dev-airflow/snapshots" }
    web_server_ranges = { "203.0.113.0/24" = "office" }
  }

  assert {
    condition     = google_composer_environment.this.config[0].recovery_config[0].scheduled_snapshots_config[0].enabled && length(google_composer_environment.this.config[0].web_server_network_access_control[0].allowed_ip_range) == 1
    error_message = "not saved, or open to all"
  }
}

run "a_range_that_is_none" {
  command = plan
  variables {
    web_server_ranges = { "office" = "office" }
  }
  expect_failures = [var.web_server_ranges]
}

run "metadata_for_ever" {
  command = plan
  variables {
    metadata_days = 1000
  }
  expect_failures = [var.metadata_days]
}
