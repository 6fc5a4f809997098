provider "google" {
  project = var.project.id
  region  = var.region
}

module "clientele" {
  source = "../../modules/environment"

  env              = "dev"
  project          = var.project
  data_project     = var.data_project
  region           = var.region
  cost_center      = var.cost_center
  shop             = { settings = var.settings }
  own_cluster      = var.own_cluster
  people           = var.people
  alerts           = var.alerts
  repository       = var.repository
  deploy_warehouse = var.deploy_warehouse
  deploy_engine    = var.deploy_engine
  erase_by_dag     = var.erase_by_dag
  deploy_alerts    = var.deploy_alerts

  # What dev differs in.
  deletion_protection = false
  retention           = { raw_days = 7, runs_days = 400, noncurrent_days = 7 }
  airflow = {
    image_version = var.image_version
    network       = var.network
    size          = "small"
    snapshots     = false
  }
}
