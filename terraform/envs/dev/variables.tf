variable "project" {
  description = "Id and number of the project of Airflow."
  type        = object({ id = string, number = number })
}

variable "data_project" {
  description = "Id of the project of the buckets with data, if it is another."
  type        = string
  default     = null
}

variable "region" {
  description = "Region of everything."
  type        = string
}

variable "cost_center" {
  description = "Value of the label cost-center."
  type        = string
}

variable "settings" {
  description = "CLIENTELE_… variables of the DAGs; docs/airflow.md has them."
  type        = map(string)
}

variable "image_version" {
  description = "Version of Composer's image: composer-3-airflow-X.Y.Z."
  type        = string
}

variable "network" {
  description = "Network and subnetwork that pods reach the source by; null for none."
  type        = object({ network = string, subnetwork = string })
  default     = null
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
  description = "Who is told, by which runbook, and the budget."
  type = object({
    emails   = optional(map(string), {})
    channels = optional(list(string), [])
    runbook  = string
    budget   = optional(object({ billing_account = string, amount = number, currency = string }))
  })
}

variable "repository" {
  description = "owner/name of the repository whose CI comes in; null for none."
  type        = string
  default     = null
}

variable "erase_by_dag" {
  description = "Whether the DAG clientele_erase may overwrite and delete, to forget customers."
  type        = bool
  default     = false
}

variable "deploy_warehouse" {
  description = "Whether to make the BigQuery data sets."
  type        = bool
  default     = false
}

variable "deploy_engine" {
  description = "Whether preprocess runs on Google's serverless Spark; docs/engine.md."
  type        = bool
  default     = false
}

variable "deploy_alerts" {
  description = "Whether to make metrics, alerts and the budget."
  type        = bool
  default     = true
}
