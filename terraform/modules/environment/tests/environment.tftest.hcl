mock_provider "google" {}

variables {
  env                 = "dev"
  project             = { id = "shop-dev", number = 123456789012 }
  region              = "europe-west2"
  cost_center         = "analytics"
  shop                = { settings = {} }
  airflow             = { image_version = "composer-3-airflow-3.1.7" }
  deletion_protection = true
  deploy_alerts       = false
}

run "runs_that_states_name_are_deleted" {
  command = plan
  variables {
    retention = { runs_days = 365 }
  }
  expect_failures = [var.retention]
}

run "a_root_of_ones_own" {
  command = plan
  variables {
    shop = { settings = { CLIENTELE_ROOT = "gs://elsewhere/shop" } }
  }
  expect_failures = [var.shop]
}

run "alerts_to_nobody" {
  command = plan
  variables {
    deploy_alerts = true
  }
  expect_failures = [var.deploy_alerts]
}

run "a_cost_center_that_is_no_label" {
  command = plan
  variables {
    cost_center = "Analytics 7"
  }
  expect_failures = [var.cost_center]
}
