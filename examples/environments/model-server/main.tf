variable "model" {
  description = "Which model the server loads, by its folder in the bucket."
  type        = string
  default     = "2026-03-01"
}

resource "mlops_stack" "churn" {
  name = "churn"

  buckets = {
    models = {
      name       = "my-project-churn-models"
      versioning = true
      iam = {
        "roles/storage.objectViewer" = ["server"]
        "roles/storage.objectUser"   = ["trainer"]
      }
    }
  }

  service_accounts = {
    server  = { name = "churn-server" }
    trainer = { name = "churn-trainer" }
    starter = { name = "churn-starter" }
  }

  jobs = {
    train = {
      name            = "churn-train"
      image           = "europe-west1-docker.pkg.dev/my-project/churn/trainer:1.0"
      service_account = "trainer"
      cpu             = "4"
      memory          = "16Gi"
      timeout         = "6h"
      max_retries     = 1
      env             = { BUCKET = "{{buckets.models.name}}" }
      iam             = { "roles/run.invoker" = ["starter"] }
    }
  }

  schedules = {
    nightly = {
      name            = "churn-nightly"
      cron            = "0 3 * * *"
      time_zone       = "Europe/Berlin"
      job             = "train"
      service_account = "starter"
    }
  }

  topics = {
    new_data = {
      name = "churn-new-data"
      subscriptions = {
        retrain = {
          name                 = "churn-retrain"
          push_endpoint        = "{{services.retrain.url}}"
          push_service_account = "starter"
          ack_deadline         = "60s"
        }
      }
    }
  }

  services = {
    retrain = {
      name            = "churn-retrain"
      image           = "europe-west1-docker.pkg.dev/my-project/churn/retrain:1.0"
      service_account = "starter"
      env             = { JOB = "{{jobs.train.id}}" }
      iam             = { "roles/run.invoker" = ["starter"] }
    }

    api = {
      name            = "churn-api"
      image           = "europe-west1-docker.pkg.dev/my-project/churn/server:1.0"
      service_account = "server"

      gpu           = 1
      gpu_type      = "nvidia-l4"
      cpu           = "4"
      memory        = "16Gi"
      cpu_idle      = false
      concurrency   = 8
      max_instances = 2

      env     = { MODEL = "/models/${var.model}" }
      volumes = { models = { bucket = "models", mount_path = "/models", read_only = true } }
    }
  }
}
