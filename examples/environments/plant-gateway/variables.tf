variable "tag" {
  description = "The tag of all images."
  type        = string
  default     = "demo-latest"
}

variable "backend_tag" {
  description = "The tag of the backend's image alone, for an update of just that."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether the environment is kept from being destroyed. Before a destroy, apply once with false."
  type        = bool
  default     = true
}

variable "database_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "jwt_secret" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "launchdarkly_sdk_key" {
  type      = string
  sensitive = true
  ephemeral = true
}
