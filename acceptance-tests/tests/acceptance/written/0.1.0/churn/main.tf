terraform {
  required_providers {
    mlops = { source = "mlops-rs/mlops" }
  }
}

provider "mlops" {
  project = "ml-test-project"
  region  = "europe-west1"
}

resource "mlops_stack" "prod" {
  name                = "churn"
  labels              = { environment = "prod" }
  deletion_protection = false

  buckets = {
    models = {
      name            = "ml-test-churn-models"
      versioning      = true
      force_destroy   = true
      lifecycle_rules = [{ action = "Delete", num_newer_versions = 5 }]
    }
  }

  registries = {
    images = {
      name             = "churn"
      cleanup_policies = { drop-old = { action = "DELETE", older_than = "90d" } }
    }
  }

  services = {
    api = {
      name            = "churn-api"
      image           = "europe-west1-docker.pkg.dev/ml-test-project/churn/api:1.4.0"
      memory          = "4Gi"
      service_account = "api"
      env             = { MODEL_BUCKET = "{{buckets.models.url}}" }
      iam             = { "roles/run.invoker" = ["allUsers"] }
    }
  }

  service_accounts = {
    api = { name = "churn-api", roles = ["roles/datastore.user"] }
  }

  notification_channels = {
    on_call = { type = "email", labels = { email_address = "on-call@example.com" } }
  }

  alert_policies = {
    down = { preset = "api_downtime", service = "api", channels = ["on_call"] }
  }

  topics = {
    events = { name = "churn-events", subscriptions = { ledger = { ack_deadline = "30s" } } }
  }
}

resource "mlops_phase_checkpoint" "foundation" {
  store        = "${mlops_stack.prod.buckets["models"].url}/phases"
  project_name = "Churn"
  phase        = "1"
  title        = "Foundation"
  owner        = "ada"
  status       = "completed"
  steps        = [{ name = "Create the buckets", done = true }]
  criteria = {
    versioned = { bucket_versioned = { url = mlops_stack.prod.buckets["models"].url } }
    agreed    = { manual = { approved_by = "ops lead" } }
  }
}
