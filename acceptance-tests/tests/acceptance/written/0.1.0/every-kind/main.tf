terraform {
  required_providers {
    mlops = { source = "mlops-rs/mlops" }
  }
}

provider "mlops" {
  project = "dtu-mlops-data-482907"
  region  = "europe-west1"
}

resource "mlops_stack" "prod" {
  name   = "churn"
  labels = { environment = "prod" }

  buckets = {
    models = {
      name       = "dtu-churn-models"
      location   = "EU"
      versioning = true
      labels     = { tier = "gold" }
      lifecycle_rules = [
        { action = "SetStorageClass", storage_class = "NEARLINE", age = 30 },
        { action = "Delete", num_newer_versions = 5 },
      ]
      soft_delete_retention = "7d"
      iam                   = { "roles/storage.objectViewer" = ["api", "user:ada@example.com"] }
    }
    checkpoints = { name = "dtu-churn-checkpoints", force_destroy = true, deletion_policy = "ABANDON" }
  }

  registries = {
    images = {
      name = "churn"
      cleanup_policies = {
        keep-ten = { action = "KEEP", keep_count = 10 }
        drop-old = { action = "DELETE", older_than = "90d" }
      }
    }
  }

  services = {
    api = {
      name            = "churn-api"
      image           = "europe-west1-docker.pkg.dev/dtu-mlops-data-482907/churn/api:1.4.0"
      cpu             = "2"
      memory          = "4Gi"
      max_instances   = 20
      timeout         = "5m"
      service_account = "api"
      env             = { MODEL_BUCKET = "{{buckets.models.url}}", LOG_LEVEL = "info" }
      secret_env      = { WANDB_API_KEY = { secret = "wandb" } }
      volumes         = { models = { bucket = "models", mount_path = "/models", read_only = true } }
      iam             = { "roles/run.invoker" = ["allUsers"] }
    }
  }

  notification_channels = {
    on_call = { type = "email", display_name = "On call", labels = { email_address = "on-call@example.com" } }
  }

  alert_policies = {
    down    = { preset = "api_downtime", service = "api", channels = ["on_call"] }
    errors  = { preset = "high_error_rate", service = "api", channels = ["on_call"], threshold = 0.02 }
    latency = { preset = "high_latency", service = "api", channels = ["on_call"], deletion_policy = "PREVENT" }
  }

  service_accounts = {
    api = { name = "churn-api", display_name = "Churn API", roles = ["roles/datastore.user"] }
    deploy = {
      name  = "github-deploy"
      roles = ["roles/run.developer"]
      iam = {
        "roles/iam.workloadIdentityUser" = [
          "principalSet://iam.googleapis.com/{{workload_identity_pools.github.id}}/attribute.repository/example-org/churn",
        ]
      }
    }
  }

  secrets = {
    wandb = {
      name             = "churn-wandb-api-key"
      value_wo         = "not a secret"
      value_wo_version = 1
      iam              = { "roles/secretmanager.secretAccessor" = ["api"] }
    }
  }

  workload_identity_pools = {
    github = {
      name = "churn-pool"
      providers = {
        github = {
          name                = "github-provider"
          issuer_uri          = "https://token.actions.githubusercontent.com"
          attribute_mapping   = { "google.subject" = "assertion.sub", "attribute.repository" = "assertion.repository" }
          attribute_condition = "assertion.repository_owner == 'example-org'"
        }
      }
    }
  }

  firestore_databases = {
    feedback = {
      name                   = "feedback"
      location               = "eur3"
      point_in_time_recovery = true
      indexes = {
        by_prediction = {
          collection = "feedback"
          fields     = [{ path = "prediction_id", order = "ASCENDING" }, { path = "timestamp", order = "DESCENDING" }]
        }
      }
      ttl_fields = { feedback = "expireAt" }
    }
  }

  topics = {
    billing = {
      name          = "billing-alerts"
      labels        = { kind = "billing" }
      subscriptions = { ledger = { name = "billing-ledger", ack_deadline = "30s", message_retention = "1d" } }
    }
  }

  budgets = {
    monthly = {
      billing_account = "012345-6789AB-CDEF01"
      display_name    = "Churn, monthly"
      amount          = 500
      thresholds      = [0.5, 0.9, 1.0]
      topic           = "billing"
      channels        = ["on_call"]
    }
  }
}

resource "mlops_phase_checkpoint" "foundation" {
  store        = "${mlops_stack.prod.buckets["checkpoints"].url}/rollout"
  project_name = "Churn"
  phase        = "1"
  title        = "Foundation"
  owner        = "ada"
  status       = "completed"
  steps        = [{ name = "Create the buckets", done = true }, { name = "Tell the team", done = true }]
  criteria = {
    in_sync = { stack_in_sync = { stack = mlops_stack.prod.id, fingerprint = mlops_stack.prod.fingerprint } }
    alerts  = { alert_policies = { stack = mlops_stack.prod.id, state = "enabled" } }
    agreed  = { manual = { approved_by = "ops lead" } }
  }
}

resource "mlops_phase_checkpoint" "rollout" {
  store             = "${mlops_stack.prod.buckets["checkpoints"].url}/rollout"
  phase             = "2"
  title             = "Rollout"
  status            = "in_progress"
  depends_on_phases = [mlops_phase_checkpoint.foundation.phase]
  steps             = [{ name = "First users", tasks = [{ name = "Invite", done = true }, { name = "Ask" }] }]
  issues            = [{ severity = "HIGH", title = "It leaks", status = "open" }]
  metrics           = { "Users" = "12" }
  next_steps        = ["Go on"]
}
