resource "mlops_stack" "prod" {
  name   = "churn"
  labels = { environment = "prod" }

  buckets = {
    models = {
      name       = "my-project-churn-models"
      versioning = true
      lifecycle_rules = [
        { action = "SetStorageClass", storage_class = "NEARLINE", age = 30 },
        { action = "Delete", num_newer_versions = 5 },
      ]
    }
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
      name          = "churn-api"
      image         = "europe-west1-docker.pkg.dev/my-project/churn/api:1.4.0"
      cpu           = "2"
      memory        = "4Gi"
      max_instances = 20
      env = {
        MODEL_BUCKET = "{{buckets.models.url}}"
      }
      volumes = {
        models = { bucket = "models", mount_path = "/models", read_only = true }
      }
      iam = {
        "roles/run.invoker" = ["allUsers"]
      }
    }
  }

  notification_channels = {
    on_call = {
      type   = "email"
      labels = { email_address = "on-call@example.com" }
    }
  }

  alert_policies = {
    down    = { preset = "api_downtime", service = "api", channels = ["on_call"] }
    errors  = { preset = "high_error_rate", service = "api", channels = ["on_call"], threshold = 0.02 }
    latency = { preset = "high_latency", service = "api", channels = ["on_call"] }
  }
}
