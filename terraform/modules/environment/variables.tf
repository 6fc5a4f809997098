variable "env" {
  description = "Name of the environment, such as dev or prod."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,9}$", var.env))
    error_message = "Want 1 to 10 of a-z and 0-9."
  }
}

variable "project" {
  description = "Id and number of the project of Airflow."
  type        = object({ id = string, number = number })
}

variable "data_project" {
  description = "Id of the project of the buckets with data, if it is another. Composer's own role reaches objects in the project of Airflow."
  type        = string
  default     = null
}

variable "region" {
  description = "Region of everything."
  type        = string
}

variable "prefix" {
  description = "What the buckets' names begin with; null for the id of their project."
  type        = string
  default     = null
}

variable "cost_center" {
  description = "Value of the label cost-center."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9_-]{1,63}$", var.cost_center))
    error_message = "Want a label's value: 1 to 63 of a-z, 0-9, _ and -."
  }
}

variable "shop" {
  description = "The folder of the shop in its bucket, its registry's name, and more CLIENTELE_… variables of the DAGs."
  type        = object({ folder = optional(string, "shop"), name = optional(string, "segments"), settings = map(string) })

  validation {
    condition     = length(setintersection(keys(var.shop.settings), ["CLIENTELE_ROOT", "CLIENTELE_REGISTRY", "CLIENTELE_NAME", "CLIENTELE_IMAGE_PREFIX", "CLIENTELE_PLACE"])) == 0
    error_message = "CLIENTELE_ROOT, _REGISTRY, _NAME, _IMAGE_PREFIX and _PLACE follow from what is made here."
  }
}

variable "retention" {
  description = "Days: for which deliveries cannot be deleted, after which runs are, and for which overwritten versions are kept."
  type        = object({ raw_days = optional(number, 90), runs_days = optional(number, 400), noncurrent_days = optional(number, 30) })
  default     = {}

  # Drift's state names a run in each of 53 weeks, score's one in each of 20 (pkg/run/state.go).
  validation {
    condition     = var.retention.runs_days > 53 * 7
    error_message = "Want over 371 days: the states of drift and score name runs up to 53 weeks old."
  }
}

variable "airflow" {
  description = "Composer's environment; the module composer explains each."
  type = object({
    image_version     = string
    size              = optional(string, "small")
    resilient         = optional(bool, false)
    private           = optional(bool, true)
    network           = optional(object({ network = string, subnetwork = string }))
    overrides         = optional(map(string), {})
    snapshots         = optional(bool, false)
    web_server_ranges = optional(map(string), {})
    lineage           = optional(bool, false)
  })
}

variable "own_cluster" {
  description = "Network of a cluster of your own for the pods; null for Composer's cluster."
  type        = object({ network = string, subnetwork = string, namespace = optional(string, "clientele") })
  default     = null
}

variable "people" {
  description = "Name → IAM member: maintainers may delete objects, keepers may read secrets, analysts the warehouse."
  type        = object({ maintainers = optional(map(string), {}), keepers = optional(map(string), {}), analysts = optional(map(string), {}) })
  default     = {}
}

variable "alerts" {
  description = "Who is told, and by which budget; the module alerts explains each."
  type = object({
    emails   = optional(map(string), {})
    channels = optional(list(string), [])
    runbook  = string
    budget   = optional(object({ billing_account = string, amount = number, currency = string }))
  })
  default = null
}

variable "repository" {
  description = "owner/name of the repository whose CI pushes images and deploys DAGs; null for none."
  type        = string
  default     = null
}

variable "kms_key" {
  description = "Id of the key that encrypts everything; null for Google's. The services' agents need the right to use it first."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether buckets, data sets, secrets and the cluster are kept from being destroyed with what they hold."
  type        = bool
}

variable "deploy_warehouse" {
  description = "Whether to make the BigQuery data sets."
  type        = bool
  default     = false
}

variable "deploy_engine" {
  description = "Whether preprocess runs on Google's serverless Spark: its account, its bucket, the rights, and the DAGs' settings. The subnet is that of own_cluster or airflow, else the region's default."
  type        = bool
  default     = false

  validation {
    condition     = !var.deploy_engine || contains(keys(var.shop.settings), "CLIENTELE_SPARK_IMAGE")
    error_message = "deploy_engine wants CLIENTELE_SPARK_IMAGE in settings: docs/engine.md."
  }
}

variable "erase_by_dag" {
  description = "Whether the DAG clientele_erase may forget customers: its pods, on Composer all, may then overwrite and delete objects and rows. Maintainers may without."
  type        = bool
  default     = false
}

variable "deploy_alerts" {
  description = "Whether to make metrics, alerts and the budget."
  type        = bool
  default     = true

  validation {
    condition     = !var.deploy_alerts || var.alerts != null
    error_message = "deploy_alerts wants alerts: who is told."
  }
}
