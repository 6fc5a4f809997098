variable "project" {
  description = "Id of the project."
  type        = string
}

variable "name" {
  description = "Name of the bucket, unique in the world."
  type        = string
}

variable "location" {
  description = "Region or multi-region, such as europe-west2 or EU."
  type        = string
}

variable "labels" {
  description = "Labels of the bucket."
  type        = map(string)
}

variable "pointers" {
  description = "Whether objects here are overwritten: a retention policy would refuse that."
  type        = bool
}

variable "retention_days" {
  description = "Days for which no object can be deleted or overwritten; 0 for no such policy."
  type        = number
  default     = 0

  validation {
    condition     = var.retention_days >= 0 && !(var.pointers && var.retention_days > 0)
    error_message = "A bucket with pointers can have no retention policy: a pointer could never be moved."
  }
}

variable "expiry" {
  description = "Name → prefix whose objects are deleted after so many days."
  type        = map(object({ prefix = string, days = number }))
  default     = {}

  validation {
    condition     = alltrue([for e in values(var.expiry) : endswith(e.prefix, "/") && e.days > 0])
    error_message = "A prefix ends with a slash, and days are more than 0: anything else would delete other objects too."
  }
}

variable "noncurrent_days" {
  description = "Days for which overwritten and deleted versions are kept."
  type        = number
  default     = 30
}

variable "soft_delete_days" {
  description = "Days within which a deleted object can be restored; 7 to 90, or 0 for none."
  type        = number
  default     = 7

  validation {
    condition     = var.soft_delete_days == 0 || (var.soft_delete_days >= 7 && var.soft_delete_days <= 90)
    error_message = "Cloud Storage accepts 0, or 7 to 90 days."
  }
}

variable "kms_key" {
  description = "Id of the key that encrypts the objects; null for Google's."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether the bucket can be destroyed only when it is empty."
  type        = bool
  default     = true
}

variable "iam" {
  description = "Who may do what. Names are for Terraform's addresses, members are IAM members: readers of all, creators by folder (they can neither overwrite nor delete), writers of single pointers (an overwrite needs the right to delete), maintainers of all."
  type = object({
    readers     = optional(map(string), {})
    maintainers = optional(map(string), {})
    creators    = optional(map(map(string)), {})
    pointers    = optional(map(object({ starts = string, ends = optional(string, ""), members = map(string) })), {})
  })
  default = {}

  validation {
    condition     = alltrue([for folder in keys(var.iam.creators) : endswith(folder, "/")])
    error_message = "A managed folder's name ends with a slash."
  }

  validation {
    condition     = length(setintersection(["allUsers", "allAuthenticatedUsers"], flatten([values(var.iam.readers), values(var.iam.maintainers), [for m in values(var.iam.creators) : values(m)], [for p in values(var.iam.pointers) : values(p.members)]]))) == 0
    error_message = "Nobody may be everybody: the bucket is private."
  }

  validation {
    condition     = var.pointers || length(var.iam.pointers) == 0
    error_message = "A bucket without pointers has no writers of pointers: set pointers = true."
  }
}
