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

run "spark_without_an_image" {
  command = plan
  variables {
    deploy_engine = true
  }
  expect_failures = [var.deploy_engine]
}

run "preprocess_on_spark" {
  command = plan
  variables {
    deploy_engine = true
    shop          = { settings = { CLIENTELE_SPARK_IMAGE = "europe-west2-docker.pkg.dev/shop-dev/clientele/spark:1.2.3" } }
  }
  assert {
    condition     = local.who["preprocess"].member == "serviceAccount:clientele-spark@shop-dev.iam.gserviceaccount.com" && local.who["train"].name == "airflow"
    error_message = "preprocess alone has the batches' account"
  }
  assert {
    condition     = local.iam["pipeline"].pointers["meaning"].members == { spark = local.who["preprocess"].member } && !contains(keys(local.iam["pipeline"].creators["${local.folder}lines/"]), "spark")
    error_message = "the batches write what preprocess writes, and nothing else"
  }
}

run "no_spark" {
  command = plan
  assert {
    condition     = length(local.spark) == 0 && length(module.spark_bucket) == 0 && !contains(local.apis, "dataproc")
    error_message = "without the switch there is nothing of it"
  }
}

run "nobody_but_people_deletes" {
  command = plan
  variables {
    people = { maintainers = { ada = "user:ada@shop.example" } }
  }
  assert {
    condition     = alltrue([for b in ["pipeline", "registry"] : join(",", keys(local.iam[b].maintainers)) == "ada"])
    error_message = "without erase_by_dag a program may delete"
  }
}

run "erasing_on_composer" {
  command = plan
  variables {
    erase_by_dag = true
  }
  assert {
    condition     = alltrue([for b in ["pipeline", "registry"] : join(",", keys(local.iam[b].maintainers)) == "airflow"])
    error_message = "the environment's account cannot erase"
  }
}

run "erasing_on_a_cluster_of_ones_own" {
  command = plan
  variables {
    erase_by_dag     = true
    deploy_warehouse = true
    own_cluster      = { network = "n", subnetwork = "s" }
  }
  assert {
    condition     = alltrue([for b in ["pipeline", "registry"] : endswith(local.iam[b].maintainers["erase"], "/clientele-erase") && length(local.iam[b].maintainers) == 1])
    error_message = "another identity than that of the erasing pods may delete"
  }
  assert {
    condition     = !contains(keys(local.everyone), "erase")
    error_message = "the identity of the erasing pods is also a step's"
  }
}
