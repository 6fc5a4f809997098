variable "project" {
  description = "Id and number of the project."
  type        = object({ id = string, number = number })
}

variable "accounts" {
  description = "Account id → service account: what it is for, its roles on the project (never one that reaches all buckets, data sets or accounts), and who may act as it."
  type = map(object({
    purpose       = string
    project_roles = optional(set(string), [])
    users         = optional(map(string), {})
  }))
  default = {}

  validation {
    condition = alltrue(flatten([for a in values(var.accounts) : [
      for role in a.project_roles : !can(regex("^roles/(owner|editor|viewer|.*[aA]dmin|storage\\..*|bigquery\\.data.*|iam\\..*|resourcemanager\\..*|secretmanager\\..*)$", role))
    ]]))
    error_message = "On the project give no primitive role, no admin, and no role on storage, data, secrets or accounts: grant those on the single bucket, data set, secret or account."
  }

  validation {
    condition     = alltrue([for id in keys(var.accounts) : can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", id))])
    error_message = "An account id is 6 to 30 of a-z, 0-9 and -, and begins with a letter."
  }
}

variable "pods" {
  description = "On a cluster of your own: the namespace, and step → Kubernetes service account, each an identity of its own without a key or a Google service account."
  type        = object({ namespace = string, accounts = map(string) })
  default     = null
}

variable "secrets" {
  description = "Secret id → what it holds, and who may read it. The value is added by hand, so that it is in no state file."
  type = map(object({
    purpose   = string
    accessors = optional(map(string), {})
  }))
  default = {}
}

variable "location" {
  description = "Region of the secrets."
  type        = string
}

variable "labels" {
  description = "Labels of the secrets."
  type        = map(string)
}

variable "kms_key" {
  description = "Id of the key that encrypts the secrets; null for Google's."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether a secret cannot be destroyed."
  type        = bool
  default     = true
}
