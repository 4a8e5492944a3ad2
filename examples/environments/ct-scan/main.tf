# The CT-scan environment: where data, models and images live, the prediction API, who may do what, the database of
# feedback, secrets, the budget, and the alerts. Variables hold what differs between production, staging and development.

locals {
  # Every alert below watches the prediction API.
  api_metrics = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"ct-scan-api\" AND metric.type=\"run.googleapis.com"
  requests    = "${local.api_metrics}/request_count\""
  failures    = "${local.requests} AND metric.labels.response_code_class=\"5xx\""
  rate        = { alignment_period = "1m", per_series_aligner = "ALIGN_RATE" }
  total_rate  = merge(local.rate, { cross_series_reducer = "REDUCE_SUM" })
  highest     = { alignment_period = "1m", per_series_aligner = "ALIGN_PERCENTILE_99", cross_series_reducer = "REDUCE_MAX" }
}

resource "mlops_stack" "ct_scan" {
  name                = "ct-scan"
  deletion_protection = var.deletion_protection
  shadow_severities   = local.alerts_tuned ? [] : ["P1", "P2"]
  labels              = { environment = var.environment, managed_by = "terraform", project = "ct-scan-mlops" }

  buckets = {
    terraform_state = {
      name            = "dtu-mlops-terraform-state-${var.suffix}"
      versioning      = true
      labels          = { purpose = "terraform-state" }
      lifecycle_rules = [{ action = "Delete", num_newer_versions = 10 }, { action = "Delete", age = 90 }]
    }
    dvc = {
      name            = "dtu-mlops-dvc-storage-${var.suffix}"
      versioning      = true
      labels          = { purpose = "dvc-storage" }
      lifecycle_rules = [{ action = "Delete", age = 365 }]
      iam             = { "roles/storage.objectAdmin" = ["github_actions"] }
    }
    # In production Cloud Build made this one, in the multi-region US. A bucket cannot move, so it says where it is.
    models = {
      name            = var.models_bucket
      location        = var.models_location
      versioning      = true
      labels          = { purpose = "model-artifacts" }
      lifecycle_rules = [{ action = "Delete", age = 180 }]
      iam             = { "roles/storage.objectAdmin" = ["cloud_run", "github_actions"] }
    }
    drift_logs = {
      name            = "ct-scan-drift-logs-${var.suffix}"
      labels          = { purpose = "drift-logs" }
      lifecycle_rules = [{ action = "Delete", age = 90 }]
      iam             = { "roles/storage.objectCreator" = ["drift_detection"] }
    }
  }

  registries = {
    docker = {
      name        = "ct-scan-mlops"
      description = "Docker container repository for CT Scan MLOps"
      labels      = { purpose = "docker-registry" }
      cleanup_policies = {
        delete-old-images     = { action = "DELETE", tag_state = "ANY", older_than = "90d" }
        keep-minimum-versions = { action = "KEEP", keep_count = 5 }
      }
      iam = {
        "roles/artifactregistry.reader" = ["cloud_run"]
        "roles/artifactregistry.writer" = ["github_actions", "serviceAccount:${var.project_number}@cloudbuild.gserviceaccount.com"]
      }
    }
  }

  service_accounts = {
    github_actions = {
      name         = "github-actions"
      display_name = "GitHub Actions Service Account"
      description  = "Service account for GitHub Actions CI/CD"
      roles        = ["roles/artifactregistry.writer", "roles/iam.serviceAccountUser", "roles/run.admin", "roles/storage.admin"]
      # The repository's workflows act as this account, without a key.
      iam = {
        "roles/iam.workloadIdentityUser" = [
          "principalSet://iam.googleapis.com/{{workload_identity_pools.github.id}}/attribute.repository/${var.repository}",
        ]
      }
    }
    cloud_run = {
      name         = "cloud-run"
      display_name = "Cloud Run Service Account"
      description  = "Service account for Cloud Run API service"
      roles        = ["roles/datastore.user", "roles/secretmanager.secretAccessor", "roles/storage.objectViewer"]
    }
    drift_detection = {
      name         = "drift-detection"
      display_name = "Drift Detection Service Account"
      description  = "Service account for drift detection Cloud Function"
      roles        = ["roles/datastore.viewer", "roles/monitoring.metricWriter", "roles/storage.objectAdmin"]
    }
    monitoring = {
      display_name = "Monitoring Service Account"
      description  = "Service account for monitoring and alerting"
      roles        = ["roles/logging.logWriter", "roles/monitoring.metricWriter"]
    }
  }

  workload_identity_pools = {
    github = {
      name         = "github-pool"
      display_name = "GitHub Actions Pool"
      description  = "Workload Identity Pool for GitHub Actions"
      providers = {
        github = {
          name                = "github-provider"
          display_name        = "GitHub OIDC Provider"
          description         = "GitHub OIDC provider for Actions"
          issuer_uri          = "https://token.actions.githubusercontent.com"
          attribute_condition = "assertion.repository=='${var.repository}'"
          attribute_mapping = {
            "google.subject"       = "assertion.sub"
            "attribute.actor"      = "assertion.actor"
            "attribute.ref"        = "assertion.ref"
            "attribute.repository" = "assertion.repository"
          }
        }
      }
    }
  }

  # Whoever has the values adds them as versions; they are not Terraform's.
  secrets = {
    wandb         = { name = "wandb-api-key", labels = { purpose = "wandb-api-key" }, iam = { "roles/secretmanager.secretAccessor" = ["cloud_run", "github_actions"] } }
    slack_webhook = { name = "slack-webhook-token", labels = { purpose = "slack-webhook" }, iam = { "roles/secretmanager.secretAccessor" = ["monitoring"] } }
  }

  services = {
    api = {
      name              = "ct-scan-api"
      image             = "europe-west1-docker.pkg.dev/${var.project}/ct-scan-mlops/api:${var.image_tag}"
      service_account   = "${var.project_number}-compute@developer.gserviceaccount.com"
      labels            = { purpose = "api-service" }
      port              = 8080
      cpu               = var.api.cpu
      memory            = var.api.memory
      cpu_idle          = true
      startup_cpu_boost = true
      max_instances     = var.api.max_instances
      concurrency       = 80
      timeout           = "5m"
      ingress           = "INGRESS_TRAFFIC_ALL"
      env = {
        CONFIG_PATH           = "/gcs/configs/config.yaml"
        DEPLOYMENT_ID         = "20260131-102227"
        FEATURES_UPDATED      = "1769852116"
        FEATURE_METADATA_PATH = "/gcs/outputs/checkpoints/feature_metadata.json"
        MODEL_PATH            = "/gcs/outputs/checkpoints/model.pt"
        RELOAD_TIME           = "1769851883"
      }
      # The KEY of a bucket above: the service is made after it.
      volumes = { gcs-bucket = { bucket = "models", mount_path = "/gcs" } }
      iam     = { "roles/run.invoker" = var.api.invokers }
    }
  }

  # Stays in the cloud when the stack is destroyed.
  firestore_databases = {
    feedback = {
      location               = "eur3"
      deletion_policy        = "ABANDON"
      point_in_time_recovery = true
      ttl_fields             = { feedback = "expireAt" }
      indexes = {
        by_prediction = {
          collection = "feedback"
          fields     = [{ path = "prediction_id", order = "ASCENDING" }, { path = "timestamp", order = "DESCENDING" }]
        }
        by_accuracy = {
          collection = "feedback"
          fields     = [{ path = "is_correct", order = "ASCENDING" }, { path = "timestamp", order = "DESCENDING" }]
        }
      }
    }
  }

  topics = {
    billing_alerts = { name = "billing-budget-alerts", labels = { purpose = "billing-alerts" } }
  }

  budgets = {
    monthly = {
      billing_account = var.billing_account
      display_name    = "CT Scan MLOps Monthly Budget"
      amount          = var.monthly_budget
      currency        = "USD"
      thresholds      = [0.25, 0.5, 0.9, 1.0, 1.1]
      topic           = "billing_alerts"
    }
  }

  notification_channels = {
    team_email = { type = "email", display_name = "CT Scan Team Email", labels = { email_address = var.alert_email } }
  }

  alert_policies = { for key, alert in {
    api_downtime = {
      title = "Downtime (P0)", enabled = true, auto_close = "30m", condition = "Health check fails for 1 minute"
      when  = { filter = local.failures, threshold_value = 0, duration = "1m", aggregations = [local.rate] }
    }
    high_error_rate = {
      title = "High Error Rate (P0)", enabled = true, auto_close = "1h", condition = "Error rate > 5% over 5 minutes"
      when = {
        filter                   = local.requests, threshold_value = 0.05, duration = "5m"
        aggregations             = [merge(local.total_rate, { group_by_fields = ["metric.label.response_code_class"] })]
        denominator_filter       = local.requests
        denominator_aggregations = [local.total_rate]
      }
    }
    memory_exhaustion = {
      title = "Memory Exhaustion (P0)", enabled = true, auto_close = "30m", condition = "Memory utilization > 90% for 3 minutes"
      when  = { filter = "${local.api_metrics}/container/memory/utilizations\"", threshold_value = 0.85, duration = "3m", aggregations = [local.highest] }
    }
    crash_loop = {
      title = "Container Crash Loop (P0)", enabled = true, auto_close = "30m", condition = ">3 restarts in 10 minutes"
      when = {
        filter       = "${local.api_metrics}/container/billable_instance_time\"", threshold_value = 3, duration = "0s"
        aggregations = [{ alignment_period = "10m", per_series_aligner = "ALIGN_DELTA" }]
      }
    }
    high_latency = {
      title = "High Latency (P1)", enabled = false, auto_close = "1h", condition = "P95 latency > 2 seconds for 5 minutes"
      when = {
        filter       = "${local.api_metrics}/request_latencies\"", threshold_value = 2000, duration = "5m"
        aggregations = [{ alignment_period = "1m", per_series_aligner = "ALIGN_DELTA", cross_series_reducer = "REDUCE_PERCENTILE_95" }]
      }
    }
    elevated_error_rate = {
      title = "Elevated Error Rate (P2)", enabled = false, auto_close = "2h", condition = "Error rate > 2% over 15 minutes"
      when  = { filter = local.failures, threshold_value = 0.02, duration = "15m", aggregations = [local.rate] }
    }
    high_cpu_usage = {
      title = "High CPU Usage (P2)", enabled = false, auto_close = "1h", condition = "CPU utilization > 80% for 10 minutes"
      when  = { filter = "${local.api_metrics}/container/cpu/utilizations\"", threshold_value = 0.8, duration = "10m", aggregations = [local.highest] }
    }
    } : key => {
    display_name  = "CT Scan API - ${alert.title}"
    enabled       = alert.enabled || local.alerts_deployed
    severity      = local.alerts_deployed ? regex("P[0-2]", alert.title) : null
    channels      = ["team_email"]
    shadow        = var.shadow_alerts
    auto_close    = alert.auto_close
    documentation = file("${path.module}/runbooks/${key}.md")
    conditions    = [{ display_name = alert.condition, threshold = merge(alert.when, { comparison = "COMPARISON_GT" }) }]
  } }
}
