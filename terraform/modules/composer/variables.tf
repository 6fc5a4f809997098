variable "project" {
  description = "Id and number of the project."
  type        = object({ id = string, number = number })
}

variable "region" {
  description = "Region of the environment."
  type        = string
}

variable "name" {
  description = "Name of the environment."
  type        = string
  default     = "clientele"
}

variable "labels" {
  description = "Labels of the environment."
  type        = map(string)
}

variable "image_version" {
  description = "Version of Composer's image: composer-3-airflow-X.Y.Z, with or without -build.N."
  type        = string

  validation {
    condition     = can(regex("^composer-3-airflow-[0-9]+\\.[0-9]+\\.[0-9]+(-build\\.[0-9]+)?$", var.image_version))
    error_message = "Want composer-3-airflow-X.Y.Z or composer-3-airflow-X.Y.Z-build.N: a version that does not move."
  }
}

variable "service_account" {
  description = "Email of the account that the environment and all pods in it run as. It has its roles before the environment is made."
  type        = string
}

variable "bucket" {
  description = "Name of the environment's own bucket, which has dags/ and plugins/."
  type        = string
}

variable "network" {
  description = "Network and subnetwork that pods reach the source by; null for a network of Composer's."
  type        = object({ network = string, subnetwork = string })
  default     = null
}

variable "private" {
  description = "Whether the environment has no access to the internet. A source on the internet then needs a network with a way out."
  type        = bool
  default     = true
}

variable "web_server_ranges" {
  description = "CIDR range → whose it is: who reaches Airflow's page. Empty: nobody but by Google's own sign-in, from anywhere."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for range in keys(var.web_server_ranges) : can(cidrhost(range, 0))])
    error_message = "Want CIDR ranges such as 203.0.113.0/24."
  }
}

variable "size" {
  description = "small, medium or large: of Airflow's database and of Composer's own parts."
  type        = string
  default     = "small"

  validation {
    condition     = contains(["small", "medium", "large"], var.size)
    error_message = "Want small, medium or large."
  }
}

variable "resilient" {
  description = "Whether the environment survives the loss of a zone. It then costs more, and wants two schedulers."
  type        = bool
  default     = false

  validation {
    condition     = !var.resilient || var.workloads.scheduler.count >= 2
    error_message = "High resilience wants two schedulers: set workloads.scheduler.count = 2."
  }
}

variable "workloads" {
  description = "What Airflow's own parts are given. Steps run in pods, so that a worker only waits for them."
  type = object({
    scheduler     = optional(object({ count = optional(number, 1), cpu = optional(number, 0.5), memory_gb = optional(number, 2), storage_gb = optional(number, 1) }), {})
    dag_processor = optional(object({ count = optional(number, 1), cpu = optional(number, 1), memory_gb = optional(number, 4), storage_gb = optional(number, 1) }), {})
    triggerer     = optional(object({ count = optional(number, 1), cpu = optional(number, 0.5), memory_gb = optional(number, 1) }), {})
    web_server    = optional(object({ cpu = optional(number, 0.5), memory_gb = optional(number, 2), storage_gb = optional(number, 1) }), {})
    worker        = optional(object({ min_count = optional(number, 1), max_count = optional(number, 3), cpu = optional(number, 0.5), memory_gb = optional(number, 2), storage_gb = optional(number, 1) }), {})
  })
  default = {}

  validation {
    condition     = var.workloads.worker.min_count >= 1 && var.workloads.worker.max_count >= var.workloads.worker.min_count
    error_message = "Want at least one worker, and no fewer at most than at least."
  }
}

variable "airflow_overrides" {
  description = "section-option → value of Airflow's configuration."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for option in keys(var.airflow_overrides) : can(regex("^[a-z_0-9]+-[a-z_0-9]+$", option))])
    error_message = "Want section-option, such as core-dags_are_paused_at_creation."
  }

  validation {
    condition     = alltrue([for option, value in var.airflow_overrides : !endswith(option, "dag_file_processor_timeout") || try(tonumber(value) <= 600, false)])
    error_message = "Composer refuses a dag_file_processor_timeout over 600 seconds."
  }
}

variable "settings" {
  description = "The CLIENTELE_… variables that the DAGs read; docs/airflow.md has them. No other name is accepted, and no secret belongs here."
  type        = map(string)

  validation {
    condition     = length(setsubtract(keys(var.settings), local.settings)) == 0
    error_message = "No DAG reads ${join(", ", setsubtract(keys(var.settings), local.settings))}; settings.tf has the names."
  }

  validation {
    condition     = startswith(lookup(var.settings, "CLIENTELE_ROOT", ""), "gs://") && contains(keys(var.settings), "CLIENTELE_IMAGE_PREFIX")
    error_message = "Want at least CLIENTELE_ROOT, as gs://bucket/prefix, and CLIENTELE_IMAGE_PREFIX."
  }

  validation {
    condition     = lookup(var.settings, "CLIENTELE_IMAGE_TAG", "") != "latest"
    error_message = "CLIENTELE_IMAGE_TAG: want a tag that never moves, as the DAGs do."
  }
}

variable "snapshots" {
  description = "Where and when the environment is saved; null for never. The location is a folder of a bucket, gs://bucket/folder."
  type        = object({ location = string, schedule = optional(string, "0 3 * * *"), time_zone = optional(string, "UTC") })
  default     = null
}

variable "maintenance_window" {
  description = "When Composer may stop the environment: at least 12 hours a week, and not at the hours of the schedules."
  type        = object({ start = string, end = string, recurrence = string })
  default = {
    start      = "2026-01-03T12:00:00Z"
    end        = "2026-01-03T18:00:00Z"
    recurrence = "FREQ=WEEKLY;BYDAY=SA,SU"
  }
}

variable "metadata_days" {
  description = "Days for which Airflow's database keeps runs; 30 to 730."
  type        = number
  default     = 400

  validation {
    condition     = var.metadata_days >= 30 && var.metadata_days <= 730
    error_message = "Composer accepts 30 to 730 days."
  }
}

variable "lineage" {
  description = "Whether Airflow reports to Google's data lineage."
  type        = bool
  default     = false
}

variable "kms_key" {
  description = "Id of the key that encrypts the environment; null for Google's."
  type        = string
  default     = null
}
