variable "project" {
  description = "Id and number of the project."
  type        = object({ id = string, number = number })
}

variable "repository" {
  description = "owner/name of the repository whose CI may come in."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", var.repository))
    error_message = "Want owner/name of one repository, without a wildcard."
  }
}

variable "ref" {
  description = "The one ref whose runs may come in."
  type        = string
  default     = "refs/heads/main"

  validation {
    condition     = can(regex("^refs/(heads|tags)/[A-Za-z0-9._/-]+$", var.ref))
    error_message = "Want one branch or tag such as refs/heads/main, without a wildcard."
  }
}

variable "issuer" {
  description = "Who signs CI's tokens."
  type        = string
  default     = "https://token.actions.githubusercontent.com"
}
