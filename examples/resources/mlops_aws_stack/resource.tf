resource "mlops_aws_stack" "prod" {
  name   = "churn"
  region = "eu-west-1"
  tags   = { Environment = "prod", Team = "data" }

  # Encrypted and closed to the public unless a bucket says otherwise.
  buckets = {
    state = {
      name            = "churn-terraform-state"
      versioning      = true
      tls_only        = true
      lifecycle_rules = { old_versions = { noncurrent_version_expiration_in_days = 90 } }
      deletion_policy = "ABANDON"
    }
    uploads = {
      name       = "churn-uploads"
      cors_rules = [{ allowed_origins = ["https://app.example.com"], allowed_methods = ["GET", "PUT"] }]
    }
  }

  # Terraform's lock. Requests are paid for, unless there is a read_capacity and a write_capacity.
  tables = {
    locks = { name = "churn-terraform-locks", key = { LockID = "S" }, deletion_policy = "ABANDON" }
    runs = {
      name                   = "churn-runs"
      key                    = { model = "S" }
      sort_key               = { started = "N" }
      ttl_attribute          = "expires"
      point_in_time_recovery = true
    }
  }

  queues = {
    predictions = {
      name                              = "churn-predictions"
      visibility_timeout                = "5m"
      receive_message_wait_time_seconds = 20
      dead_letter                       = { queue = "failed", max_receive_count = 3 } # the KEY of the next one
    }
    failed = { name = "churn-predictions-failed", message_retention_period = "14d" }
  }

  topics = {
    alerts = {
      name          = "churn-alerts"
      subscriptions = { on_call = { protocol = "email", endpoint = "on-call@example.com" } } # it has to be confirmed
    }
  }

  repositories = {
    api = {
      name            = "churn-api"
      scan_on_push    = true
      lifecycle_rules = [{ description = "Keep the last 10 images", tag_status = "any", count_more_than = 10 }]
    }
  }

  # The value goes in and is never stored; another version sends it again.
  secrets = {
    database_url = { name = "churn/prod/database-url", value_wo = var.database_url, value_wo_version = 1 }
  }

  log_groups = {
    api    = { name = "/ecs/churn-api", retention_in_days = 30 }
    worker = { name = "/ecs/churn-worker", retention_in_days = 30 }
  }
}

variable "database_url" {
  type      = string
  sensitive = true
  ephemeral = true
}
