variable "project" {
  description = "Id of the project."
  type        = string
}

variable "location" {
  description = "Region of the repository."
  type        = string
}

variable "name" {
  description = "Name of the repository."
  type        = string
  default     = "clientele"
}

variable "labels" {
  description = "Labels of the repository."
  type        = map(string)
}

variable "untagged_days" {
  description = "Days after which an image that no tag names is deleted. Images of a release have a tag, which never moves, and stay."
  type        = number
  default     = 30

  validation {
    condition     = var.untagged_days >= 7
    error_message = "Want at least 7 days: a run keeps the images that it began with."
  }
}

variable "kms_key" {
  description = "Id of the key that encrypts the images; null for Google's."
  type        = string
  default     = null
}

variable "readers" {
  description = "Name → IAM member that may pull."
  type        = map(string)
  default     = {}
}

variable "writers" {
  description = "Name → IAM member that may push: CI, and nobody else."
  type        = map(string)
  default     = {}
}
