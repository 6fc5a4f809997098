variable "project" {
  description = "Id of the project."
  type        = string
}

variable "region" {
  description = "Region of the cluster."
  type        = string
}

variable "name" {
  description = "Name of the cluster."
  type        = string
  default     = "clientele"
}

variable "labels" {
  description = "Labels of the cluster."
  type        = map(string)
}

variable "network" {
  description = "Network and subnetwork of the cluster, with a way out where the source is on the internet."
  type        = object({ network = string, subnetwork = string })
}

variable "node_account" {
  description = "Email of the account that nodes pull images and write logs as; never Compute Engine's default, which may edit the project."
  type        = string

  validation {
    condition     = !endswith(var.node_account, "-compute@developer.gserviceaccount.com")
    error_message = "Want an account of its own: Compute Engine's default may edit the project."
  }
}

variable "release_channel" {
  description = "REGULAR or STABLE: how soon Google upgrades the cluster."
  type        = string
  default     = "STABLE"

  validation {
    condition     = contains(["REGULAR", "STABLE"], var.release_channel)
    error_message = "Want REGULAR or STABLE."
  }
}

variable "deletion_protection" {
  description = "Whether Terraform refuses to destroy the cluster."
  type        = bool
  default     = true
}
