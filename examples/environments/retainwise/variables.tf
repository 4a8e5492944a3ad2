variable "region" {
  description = "Where everything is."
  type        = string
  default     = "us-east-1"
}

variable "vpc_id" {
  description = "The network, which is not the stack's."
  type        = string
}

variable "vpc_cidr" {
  description = "The addresses of the network."
  type        = string
  default     = "10.40.0.0/16"
}

variable "private_subnets" {
  description = "Two subnets or more, in different zones, for tasks and database."
  type        = list(string)
}

variable "public_subnets" {
  description = "Two subnets or more, in different zones, for the balancer."
  type        = list(string)
}

variable "certificate" {
  description = "The ARN of the balancer's certificate."
  type        = string
}

variable "repository" {
  description = "The repository on GitHub whose workflows may act as the pipeline."
  type        = string
  default     = "retainwise/retainwise-analytics"
}

variable "image" {
  description = "The image of backend and worker. Null: whatever the pipeline has deployed."
  type        = string
  default     = null
}

variable "database_url" {
  description = "How the tasks reach the database. Sent once, kept nowhere."
  type        = string
  ephemeral   = true
}

variable "database_password" {
  description = "The password of the database. Sent once, kept nowhere."
  type        = string
  ephemeral   = true
}

variable "alert_email" {
  description = "Who is told when an alarm goes off."
  type        = string
  default     = "oncall@example.com"
}

variable "shadow_alarms" {
  description = "Whether alarms are evaluated without telling anybody."
  type        = bool
  default     = false
}

variable "deletion_protection" {
  description = "Whether the stack, its database and its balancer refuse to be deleted."
  type        = bool
  default     = true
}

variable "as_found" {
  description = "Whether the stack says no more than what people had made by hand: for the import. Then the rest can follow."
  type        = bool
  default     = false
}
