# The defaults are production as it stands; the .tfvars files are the three forms of the environment.

variable "project" {
  description = "The Google Cloud project's id."
  type        = string
  default     = "dtu-mlops-data-482907"
}

variable "project_number" {
  description = "The project's number: the names of Google's own service accounts begin with it."
  type        = string
  default     = "777769481436"
}

variable "environment" {
  description = "The label that everything carries: prod, staging or dev."
  type        = string
  default     = "prod"
}

variable "suffix" {
  description = "What bucket names end with, since they are unique in the world."
  type        = string
  default     = "482907"
}

variable "models_bucket" {
  description = "The bucket of models, which the API mounts."
  type        = string
  default     = "dtu-mlops-data-482907_cloudbuild"
}

variable "models_location" {
  description = "Where the bucket of models is. It cannot move."
  type        = string
  default     = "US"
}

variable "image_tag" {
  description = "The version of the API's image."
  type        = string
  default     = "v1"
}

variable "api" {
  description = "The size of the prediction API, and who may call it."
  type = object({
    cpu           = string
    memory        = string
    max_instances = number
    invokers      = set(string)
  })
  default = {
    cpu           = "2"
    memory        = "4Gi"
    max_instances = 20
    invokers      = ["allUsers"]
  }
}

variable "repository" {
  description = "The GitHub repository whose workflows may deploy: OWNER/NAME."
  type        = string
  default     = "example-org/ct_scan_mlops"
}

variable "billing_account" {
  description = "The billing account that pays for the project."
  type        = string
  default     = "012345-6789AB-CDEF01"
}

variable "monthly_budget" {
  description = "US dollars to spend in a month."
  type        = number
  default     = 500
}

variable "alert_email" {
  description = "Who is told when an alert fires."
  type        = string
  default     = "alerts@example.com"
}

variable "shadow_alerts" {
  description = "Whether alerts are evaluated and tell nobody."
  type        = bool
  default     = false
}

variable "deletion_protection" {
  description = "Refuse to destroy the environment. Apply false first where it really has to go."
  type        = bool
  default     = true
}
