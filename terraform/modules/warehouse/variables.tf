variable "project" {
  description = "Id of the project."
  type        = string
}

variable "location" {
  description = "Region or multi-region of the data sets."
  type        = string
}

variable "labels" {
  description = "Labels of the data sets."
  type        = map(string)
}

variable "names" {
  description = "The values of CLIENTELE_NAME: each has a data set."
  type        = set(string)

  validation {
    condition     = alltrue([for n in var.names : can(regex("^[a-z0-9][a-z0-9_-]{0,62}$", n))])
    error_message = "A name is 1 to 63 of a-z, 0-9, _ and -, as CLIENTELE_NAME wants it."
  }

  validation {
    condition     = length(distinct([for n in var.names : replace(n, "-", "_")])) == length(var.names)
    error_message = "A data set's name has no hyphen: two of these names would be one data set."
  }
}

variable "publishers" {
  description = "Name → IAM member that makes, extends and fills the tables."
  type        = map(string)
  default     = {}
}

variable "readers" {
  description = "Name → IAM member that reads the tables."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setintersection(["allUsers", "allAuthenticatedUsers"], values(var.readers))) == 0
    error_message = "Nobody may be everybody: the tables are about customers."
  }
}

variable "kms_key" {
  description = "Id of the key that encrypts the tables; null for Google's."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether a data set can be destroyed only when it has no tables."
  type        = bool
  default     = true
}
