locals {
  data_project = coalesce(var.data_project, var.project.id)
  prefix       = coalesce(var.prefix, local.data_project)
  labels       = { app = "clientele", env = var.env, cost-center = var.cost_center }

  apis = toset(concat(
    ["artifactregistry", "cloudresourcemanager", "composer", "container", "iam", "iamcredentials", "logging", "monitoring", "secretmanager", "serviceusage", "storage", "sts"],
    var.deploy_warehouse ? ["bigquery"] : [],
    var.deploy_engine ? ["dataproc"] : [],
    try(var.alerts.budget, null) == null ? [] : ["billingbudgets"],
  ))
}

resource "google_project_service" "this" {
  for_each = local.apis

  project            = var.project.id
  service            = "${each.value}.googleapis.com"
  disable_on_destroy = false # others in the project may use it
}

module "identity" {
  source = "../identity"

  project             = var.project
  location            = var.region
  labels              = local.labels
  kms_key             = var.kms_key
  deletion_protection = var.deletion_protection

  accounts = merge(
    {
      clientele-airflow = {
        purpose       = "Clientele: Airflow, and on Composer's cluster all steps"
        project_roles = concat(["roles/composer.worker"], var.own_cluster == null ? [] : ["roles/container.clusterViewer"], var.deploy_engine ? ["roles/dataproc.editor"] : [])
      }
    },
    var.own_cluster == null ? {} : {
      clientele-nodes = { purpose = "Clientele: nodes of the cluster", project_roles = ["roles/container.defaultNodeServiceAccount"] }
    },
    # Like composer.worker, dataproc.worker reaches objects in the project of Airflow.
    !var.deploy_engine ? {} : {
      clientele-spark = {
        purpose       = "Clientele: preprocess on Spark"
        project_roles = ["roles/dataproc.worker"]
        users         = { airflow = "serviceAccount:clientele-airflow@${var.project.id}.iam.gserviceaccount.com" }
      }
    },
  )

  pods = var.own_cluster == null ? null : { namespace = var.own_cluster.namespace, accounts = { for step in concat(local.programs, var.erase_by_dag ? ["erase"] : []) : step => "clientele-${step}" } }

  secrets = {
    clientele-customer-key  = { purpose = "hashes customers' ids", accessors = var.people.keepers }
    clientele-source-header = { purpose = "credentials of an https:// source", accessors = var.people.keepers }
  }

  depends_on = [google_project_service.this]
}

module "images" {
  source = "../registry"

  project  = var.project.id
  location = var.region
  labels   = local.labels
  kms_key  = var.kms_key
  readers  = merge({ airflow = module.identity.members["clientele-airflow"] }, var.own_cluster == null ? {} : { nodes = module.identity.members["clientele-nodes"] }, local.spark)
  writers  = var.repository == null ? {} : { ci = module.cicd[0].members["images"] }

  depends_on = [google_project_service.this]
}

module "cicd" {
  source = "../cicd"
  count  = var.repository == null ? 0 : 1

  project    = var.project
  repository = var.repository

  depends_on = [google_project_service.this]
}

module "warehouse" {
  source = "../warehouse"
  count  = var.deploy_warehouse ? 1 : 0

  project             = local.data_project
  location            = var.region
  labels              = local.labels
  names               = [var.shop.name]
  publishers          = merge({ (local.who["publish"].name) = local.who["publish"].member }, local.erasers)
  readers             = var.people.analysts
  kms_key             = var.kms_key
  deletion_protection = var.deletion_protection

  depends_on = [google_project_service.this]
}

module "cluster" {
  source = "../cluster"
  count  = var.own_cluster == null ? 0 : 1

  project             = var.project.id
  region              = var.region
  labels              = local.labels
  network             = { network = var.own_cluster.network, subnetwork = var.own_cluster.subnetwork }
  node_account        = module.identity.emails["clientele-nodes"]
  deletion_protection = var.deletion_protection

  depends_on = [google_project_service.this]
}

module "composer" {
  source = "../composer"

  project           = var.project
  region            = var.region
  labels            = local.labels
  image_version     = var.airflow.image_version
  service_account   = module.identity.emails["clientele-airflow"]
  bucket            = module.airflow_bucket.name
  network           = var.airflow.network
  private           = var.airflow.private
  web_server_ranges = var.airflow.web_server_ranges
  size              = var.airflow.size
  resilient         = var.airflow.resilient
  workloads         = { scheduler = { count = var.airflow.resilient ? 2 : 1 } }
  airflow_overrides = merge({ core-dags_are_paused_at_creation = "True" }, var.airflow.overrides)
  snapshots         = var.airflow.snapshots ? { location = "${module.airflow_bucket.url}/snapshots" } : null
  lineage           = var.airflow.lineage
  kms_key           = var.kms_key

  settings = merge(
    {
      CLIENTELE_ROOT         = "${module.pipeline_bucket.url}/${var.shop.folder}"
      CLIENTELE_REGISTRY     = module.registry_bucket.url
      CLIENTELE_NAME         = var.shop.name
      CLIENTELE_IMAGE_PREFIX = module.images.prefix
      CLIENTELE_LABELS       = jsonencode(local.labels)
    },
    var.own_cluster == null ? { CLIENTELE_PLACE = "composer" } : {
      CLIENTELE_PLACE                           = "gke"
      CLIENTELE_GKE_PROJECT                     = var.project.id
      CLIENTELE_GKE_LOCATION                    = var.region
      CLIENTELE_GKE_CLUSTER                     = module.cluster[0].name
      CLIENTELE_NAMESPACE                       = var.own_cluster.namespace
    },
    var.erase_by_dag ? { CLIENTELE_ERASE_BY_DAG = "true" } : {},
    !var.deploy_engine ? {} : merge({
      CLIENTELE_ENGINE        = "spark"
      CLIENTELE_SPARK_PROJECT = var.project.id
      CLIENTELE_SPARK_REGION  = var.region
      CLIENTELE_SPARK_ACCOUNT = module.identity.emails["clientele-spark"]
      CLIENTELE_SPARK_BUCKET  = module.spark_bucket[0].name
    }, local.subnet == null ? {} : { CLIENTELE_SPARK_SUBNET = local.subnet }),
    var.shop.settings,
  )

  depends_on = [google_project_service.this]
}

module "alerts" {
  source = "../alerts"
  count  = var.deploy_alerts ? 1 : 0

  project     = var.project
  labels      = local.labels
  logs        = var.own_cluster == null ? { environment = module.composer.name } : { namespace = var.own_cluster.namespace }
  environment = module.composer.name
  emails      = var.alerts.emails
  channels    = var.alerts.channels
  runbook     = var.alerts.runbook
  budget      = var.alerts.budget

  depends_on = [google_project_service.this]
}
