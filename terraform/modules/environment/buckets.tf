# The buckets, and who may write what in them: docs/storage.md is the layout, and a test holds this against it.
locals {
  steps    = ["ingest", "preprocess", "drift", "train", "evaluate", "promote", "score", "explore", "recommend", "predict", "measure", "audience", "publish", "report"]
  programs = concat(local.steps, ["registry"])

  spark  = var.deploy_engine ? { spark = module.identity.members["clientele-spark"] } : {}
  subnet = try(var.own_cluster.subnetwork, var.airflow.network.subnetwork, null)

  # Program → its identity: on Composer all are Airflow's account, and on Spark preprocess has another.
  who = { for p in local.programs : p => p == "preprocess" && var.deploy_engine ? {
    name   = "spark"
    member = local.spark["spark"]
    } : var.own_cluster == null ? {
    name   = "airflow"
    member = module.identity.members["clientele-airflow"]
    } : {
    name   = p
    member = module.identity.pods[p]
  } }
  everyone = merge([for p in local.programs : { (local.who[p].name) = local.who[p].member }]...)
  airflow  = { airflow = module.identity.members["clientele-airflow"] }

  # Who erases by the DAG lists, overwrites and deletes in both stores, as a maintainer does by hand.
  erasers = !var.erase_by_dag ? {} : var.own_cluster == null ? local.airflow : { erase = module.identity.pods["erase"] }

  folder = "${var.shop.folder}/"

  creators = {
    pipeline = {
      "${local.folder}lines/"      = ["ingest"]
      "${local.folder}quarantine/" = ["ingest"]
      "${local.folder}sources/"    = ["ingest"]
      "${local.folder}runs/"       = local.steps
      "${local.folder}campaigns/"  = ["measure"]
      "${local.folder}exports/"    = ["measure"]
      "${local.folder}erasures/"   = ["registry"]
    }
    registry = {
      "blobs/"                    = ["train"]
      "models/"                   = ["train"]
      "evals/"                    = ["evaluate"]
      "erased/"                   = ["registry"]
      "${var.shop.name}/history/" = ["promote", "registry"]
    }
  }

  # registry takes the states of drift and score back with the model.
  pointers = {
    pipeline = {
      lines     = { starts = "${local.folder}state/lines.json", ends = "", programs = ["ingest"] }
      meaning   = { starts = "${local.folder}state/meaning.json", ends = "", programs = ["preprocess"] }
      drift     = { starts = "${local.folder}state/${var.shop.name}/drift.json", ends = "", programs = ["drift", "registry"] }
      score     = { starts = "${local.folder}state/${var.shop.name}/score.json", ends = "", programs = ["score", "registry"] }
      campaigns = { starts = "${local.folder}state/${var.shop.name}/campaigns.json", ends = "", programs = ["measure"] }
      history   = { starts = "${local.folder}state/${var.shop.name}/history.json", ends = "", programs = ["audience"] }
      erased    = { starts = "${local.folder}state/erased.json", ends = "", programs = ["registry"] }
      used      = { starts = "${local.folder}state/${var.shop.name}/", ends = "/used.json", programs = local.steps }
      current   = { starts = "${local.folder}runs/", ends = "/current.json", programs = local.steps }
    }
    registry = {
      head  = { starts = "${var.shop.name}/HEAD.json", ends = "", programs = ["promote", "registry"] }
      names = { starts = "${var.shop.name}/names.json", ends = "", programs = ["registry"] }
    }
  }

  iam = { for bucket in ["pipeline", "registry"] : bucket => {
    readers     = merge(local.everyone, local.erasers)
    maintainers = merge(var.people.maintainers, local.erasers)
    creators = { for folder, programs in local.creators[bucket] :
      folder => merge([for p in programs : { (local.who[p].name) = local.who[p].member }]...)
    }
    pointers = { for name, p in local.pointers[bucket] : name => {
      starts  = p.starts
      ends    = p.ends
      members = merge([for q in p.programs : { (local.who[q].name) = local.who[q].member }]...)
    } }
  } }
}

# Deliveries, where the shop has no other place for them. Nobody here writes them.
module "raw_bucket" {
  source = "../bucket"

  project             = local.data_project
  name                = "${local.prefix}-clientele-raw"
  location            = var.region
  labels              = local.labels
  pointers            = false
  retention_days      = var.retention.raw_days
  kms_key             = var.kms_key
  deletion_protection = var.deletion_protection
  iam                 = { readers = merge(local.airflow, { (local.who["ingest"].name) = local.who["ingest"].member }) } # Airflow looks whether one is there

  depends_on = [google_project_service.this]
}

module "pipeline_bucket" {
  source = "../bucket"

  project             = local.data_project
  name                = "${local.prefix}-clientele-pipeline"
  location            = var.region
  labels              = local.labels
  pointers            = true
  noncurrent_days     = var.retention.noncurrent_days
  expiry              = { runs = { prefix = "${local.folder}runs/", days = var.retention.runs_days } }
  kms_key             = var.kms_key
  deletion_protection = var.deletion_protection
  iam                 = local.iam["pipeline"]

  depends_on = [google_project_service.this]
}

module "registry_bucket" {
  source = "../bucket"

  project             = local.data_project
  name                = "${local.prefix}-clientele-registry"
  location            = var.region
  labels              = local.labels
  pointers            = true
  noncurrent_days     = var.retention.noncurrent_days
  kms_key             = var.kms_key
  deletion_protection = var.deletion_protection
  iam                 = local.iam["registry"]

  depends_on = [google_project_service.this]
}

# What Spark leaves: dependencies, the drivers' output. Airflow reads that.
module "spark_bucket" {
  source = "../bucket"
  count  = var.deploy_engine ? 1 : 0

  project             = var.project.id
  name                = "${local.prefix}-clientele-spark"
  location            = var.region
  labels              = local.labels
  pointers            = false
  kms_key             = var.kms_key
  deletion_protection = var.deletion_protection
  iam                 = { readers = local.airflow }

  depends_on = [google_project_service.this]
}

# Composer's own: DAGs, plugins, logs. Its parts are overwritten by Composer and by a deployment.
module "airflow_bucket" {
  source = "../bucket"

  project             = var.project.id
  name                = "${local.prefix}-clientele-airflow"
  location            = var.region
  labels              = local.labels
  pointers            = true
  noncurrent_days     = var.retention.noncurrent_days
  kms_key             = var.kms_key
  deletion_protection = var.deletion_protection
  iam = {
    maintainers = local.airflow
    readers     = var.repository == null ? {} : { ci = module.cicd[0].members["dags"] }
    # tools/cicd/deploy.py: sets are created and never change; these three objects are overwritten.
    creators = var.repository == null ? {} : { "dags/clientele/sets/" = { ci = module.cicd[0].members["dags"] } }
    pointers = var.repository == null ? {} : { for name, object in {
      current = "dags/clientele/current.json"
      ignore  = "dags/clientele/.airflowignore"
      loader  = "dags/clientele_dags.py"
    } : name => { starts = object, members = { ci = module.cicd[0].members["dags"] } } }
  }

  depends_on = [google_project_service.this]
}
