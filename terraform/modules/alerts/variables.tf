variable "project" {
  description = "Id and number of the project."
  type        = object({ id = string, number = number })
}

variable "labels" {
  description = "Labels of alerts and channels."
  type        = map(string)
}

variable "logs" {
  description = "Where closing records are logged: as text by Composer's workers (environment), or as JSON by pods on a cluster of your own (namespace). Exactly one."
  type        = object({ environment = optional(string), namespace = optional(string) })

  validation {
    condition     = (var.logs.environment == null) != (var.logs.namespace == null)
    error_message = "Want either environment or namespace."
  }
}

variable "environment" {
  description = "Composer environment whose health, scheduler, parse errors, failed runs and killed pods are watched; null for another Airflow."
  type        = string
  default     = null
}

variable "emails" {
  description = "Name → address that every alert goes to."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for address in values(var.emails) : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "Want addresses such as oncall@shop.example."
  }
}

variable "channels" {
  description = "Ids of notification channels that are there already, such as a pager's."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.channels) + length(var.emails) > 0
    error_message = "An alert that reaches nobody is none: name an email or a channel."
  }
}

variable "runbook" {
  description = "Address of docs/runbook.md as those read it who are alerted; each alert links to its section."
  type        = string

  validation {
    condition     = can(regex("^https://[^#\\s]+$", var.runbook))
    error_message = "Want an https:// address without a section."
  }
}

variable "silent_hours" {
  description = "Hours without a run that got as far as drift after which somebody is told; the daily run makes 24."
  type        = number
  default     = 25

  validation {
    condition     = var.silent_hours > 24 && var.silent_hours <= 25
    error_message = "Cloud Monitoring looks back 25 hours at most, and the daily run comes every 24."
  }
}

variable "late_looks" {
  description = "Looks for a missing source within an hour above which somebody is told; a look comes every CLIENTELE_LOOK_SECONDS (600)."
  type        = number
  default     = 4

  validation {
    condition     = var.late_looks >= 0
    error_message = "Want 0 or more."
  }
}

variable "rejected_share" {
  description = "Share of rejected records above which somebody is told; ingest itself fails at the Param max_quarantine_share."
  type        = number
  default     = 0.01

  validation {
    condition     = var.rejected_share > 0 && var.rejected_share < 1
    error_message = "Want a share between 0 and 1."
  }
}

variable "slow_share" {
  description = "Share of a step's time limit above which it is called slow."
  type        = number
  default     = 0.5

  validation {
    condition     = var.slow_share > 0 && var.slow_share < 1
    error_message = "Want a share between 0 and 1: at its limit the step is stopped."
  }
}

variable "slow_factor" {
  description = "How many times the median of its last runs a step may take before somebody is told."
  type        = number
  default     = 3

  validation {
    condition     = var.slow_factor > 1
    error_message = "Want more than 1: what is usual is no reason for an alert."
  }
}

variable "model_days" {
  description = "Days after its promotion from which a model is called old; evaluate replaces one without another reason after --max-age (90)."
  type        = number
  default     = 120

  validation {
    condition     = var.model_days > 0 && floor(var.model_days) == var.model_days
    error_message = "Want a whole number of days."
  }
}

variable "frozen_days" {
  description = "Days for which promotions may be on hold before somebody is told."
  type        = number
  default     = 14

  validation {
    condition     = var.frozen_days > 0 && floor(var.frozen_days) == var.frozen_days
    error_message = "Want a whole number of days."
  }
}

variable "memory_share" {
  description = "Share of a step's memory limit above which somebody is told, before the kernel ends the step."
  type        = number
  default     = 0.95

  validation {
    condition     = var.memory_share > 0 && var.memory_share < 1
    error_message = "Want a share between 0 and 1: at its limit the step is killed."
  }
}

variable "memory_bytes" {
  description = "Step → its memory limit in bytes, where CLIENTELE_RESOURCES sets another than the default."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.memory_bytes), keys(local.limits))) == 0
    error_message = "Want names of steps; limits.tf has them."
  }
}

variable "budget" {
  description = "Billing account, and the amount for a month in the account's currency; null for no budget. It is what you allow, not what a month costs."
  type        = object({ billing_account = string, amount = number, currency = string })
  default     = null

  validation {
    condition     = try(var.budget.amount, 1) > 0
    error_message = "Want an amount over 0."
  }
}
