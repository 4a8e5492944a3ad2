# The part of the CT-scan environment whose objects bear the stamp of their stack: buckets, the registry, the service, and
# the alerts on it.

variable "deletion_protection" {
  description = "Refuse to destroy the environment. Apply false first where it really has to go."
  type        = bool
  default     = true
}

locals {
  github_actions  = "group:ci@example.com"
  cloud_run       = "group:serving@example.com"
  drift_detection = "group:drift@example.com"
  cloud_build     = "group:builds@example.com"

  # Every alert below watches the prediction API.
  api_metrics = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"ct-scan-api\""
}

resource "mlops_stack" "ct_scan" {
  lifecycle {
    create_before_destroy = false
  }

  name                = "ct-scan"
  deletion_protection = var.deletion_protection

  labels = {
    environment = "prod"
    managed_by  = "terraform"
    project     = "ct-scan-mlops"
  }

  buckets = {
    terraform_state = {
      name       = "dtu-mlops-terraform-state-482907"
      versioning = true
      labels     = { purpose = "terraform-state" }
      lifecycle_rules = [
        { action = "Delete", num_newer_versions = 10 },
        { action = "Delete", age = 90 },
      ]
    }

    dvc = {
      name            = "dtu-mlops-dvc-storage-482907"
      versioning      = true
      labels          = { purpose = "dvc-storage" }
      lifecycle_rules = [{ action = "Delete", age = 365 }]
      iam = {
        "roles/storage.objectAdmin" = [local.github_actions]
      }
    }

    # Cloud Build made this one, in the multi-region US. A bucket cannot move, so it says where it is.
    models = {
      name            = "dtu-mlops-data-482907_cloudbuild"
      location        = "US"
      versioning      = true
      labels          = { purpose = "model-artifacts" }
      lifecycle_rules = [{ action = "Delete", age = 180 }]
      iam = {
        "roles/storage.objectAdmin" = [local.cloud_run, local.github_actions]
      }
    }

    drift_logs = {
      name            = "ct-scan-drift-logs-482907"
      labels          = { purpose = "drift-logs" }
      lifecycle_rules = [{ action = "Delete", age = 90 }]
      iam = {
        "roles/storage.objectCreator" = [local.drift_detection]
      }
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
        "roles/artifactregistry.reader" = [local.cloud_run]
        "roles/artifactregistry.writer" = [local.github_actions, local.cloud_build]
      }
    }
  }

  services = {
    api = {
      name            = "ct-scan-api"
      image           = "europe-west1-docker.pkg.dev/dtu-mlops-data-482907/ct-scan-mlops/api:v1"
      service_account = "777769481436-compute@developer.gserviceaccount.com"
      labels          = { purpose = "api-service" }

      port              = 8080
      cpu               = "2"
      memory            = "4Gi"
      cpu_idle          = true
      startup_cpu_boost = true
      max_instances     = 20
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
      volumes = {
        gcs-bucket = { bucket = "models", mount_path = "/gcs" }
      }

      iam = {
        "roles/run.invoker" = ["allUsers"]
      }
    }
  }

  notification_channels = {
    team_email = {
      type         = "email"
      display_name = "CT Scan Team Email"
      labels       = { email_address = "alerts@example.com" }
    }
  }

  alert_policies = {
    api_downtime = {
      display_name  = "CT Scan API - Downtime (P0)"
      channels      = ["team_email"]
      auto_close    = "30m"
      documentation = "What to do about api_downtime."
      conditions = [{
        display_name = "Health check fails for 1 minute"
        threshold = {
          filter          = "${local.api_metrics} AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\""
          comparison      = "COMPARISON_GT"
          threshold_value = 0
          duration        = "1m"
          aggregations = [{
            alignment_period   = "1m"
            per_series_aligner = "ALIGN_RATE"
          }]
        }
      }]
    }

    high_error_rate = {
      display_name  = "CT Scan API - High Error Rate (P0)"
      channels      = ["team_email"]
      auto_close    = "1h"
      documentation = "What to do about high_error_rate."
      conditions = [{
        display_name = "Error rate > 5% over 5 minutes"
        threshold = {
          filter          = "${local.api_metrics} AND metric.type=\"run.googleapis.com/request_count\""
          comparison      = "COMPARISON_GT"
          threshold_value = 0.05
          duration        = "5m"
          aggregations = [{
            alignment_period     = "1m"
            per_series_aligner   = "ALIGN_RATE"
            cross_series_reducer = "REDUCE_SUM"
            group_by_fields      = ["metric.label.response_code_class"]
          }]
          denominator_filter = "${local.api_metrics} AND metric.type=\"run.googleapis.com/request_count\""
          denominator_aggregations = [{
            alignment_period     = "1m"
            per_series_aligner   = "ALIGN_RATE"
            cross_series_reducer = "REDUCE_SUM"
          }]
        }
      }]
    }

    memory_exhaustion = {
      display_name  = "CT Scan API - Memory Exhaustion (P0)"
      channels      = ["team_email"]
      auto_close    = "30m"
      documentation = "What to do about memory_exhaustion."
      conditions = [{
        display_name = "Memory utilization > 90% for 3 minutes"
        threshold = {
          filter          = "${local.api_metrics} AND metric.type=\"run.googleapis.com/container/memory/utilizations\""
          comparison      = "COMPARISON_GT"
          threshold_value = 0.85
          duration        = "3m"
          aggregations = [{
            alignment_period     = "1m"
            per_series_aligner   = "ALIGN_PERCENTILE_99"
            cross_series_reducer = "REDUCE_MAX"
          }]
        }
      }]
    }

    crash_loop = {
      display_name  = "CT Scan API - Container Crash Loop (P0)"
      channels      = ["team_email"]
      auto_close    = "30m"
      documentation = "What to do about crash_loop."
      conditions = [{
        display_name = ">3 restarts in 10 minutes"
        threshold = {
          filter          = "${local.api_metrics} AND metric.type=\"run.googleapis.com/container/billable_instance_time\""
          comparison      = "COMPARISON_GT"
          threshold_value = 3
          duration        = "0s"
          aggregations = [{
            alignment_period   = "10m"
            per_series_aligner = "ALIGN_DELTA"
          }]
        }
      }]
    }

    high_latency = {
      display_name  = "CT Scan API - High Latency (P1)"
      enabled       = false
      channels      = ["team_email"]
      auto_close    = "1h"
      documentation = "What to do about high_latency."
      conditions = [{
        display_name = "P95 latency > 2 seconds for 5 minutes"
        threshold = {
          filter          = "${local.api_metrics} AND metric.type=\"run.googleapis.com/request_latencies\""
          comparison      = "COMPARISON_GT"
          threshold_value = 2000
          duration        = "5m"
          aggregations = [{
            alignment_period     = "1m"
            per_series_aligner   = "ALIGN_DELTA"
            cross_series_reducer = "REDUCE_PERCENTILE_95"
          }]
        }
      }]
    }

    elevated_error_rate = {
      display_name  = "CT Scan API - Elevated Error Rate (P2)"
      enabled       = false
      channels      = ["team_email"]
      auto_close    = "2h"
      documentation = "What to do about elevated_error_rate."
      conditions = [{
        display_name = "Error rate > 2% over 15 minutes"
        threshold = {
          filter          = "${local.api_metrics} AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\""
          comparison      = "COMPARISON_GT"
          threshold_value = 0.02
          duration        = "15m"
          aggregations = [{
            alignment_period   = "1m"
            per_series_aligner = "ALIGN_RATE"
          }]
        }
      }]
    }

    high_cpu_usage = {
      display_name  = "CT Scan API - High CPU Usage (P2)"
      enabled       = false
      channels      = ["team_email"]
      auto_close    = "1h"
      documentation = "What to do about high_cpu_usage."
      conditions = [{
        display_name = "CPU utilization > 80% for 10 minutes"
        threshold = {
          filter          = "${local.api_metrics} AND metric.type=\"run.googleapis.com/container/cpu/utilizations\""
          comparison      = "COMPARISON_GT"
          threshold_value = 0.8
          duration        = "10m"
          aggregations = [{
            alignment_period     = "1m"
            per_series_aligner   = "ALIGN_PERCENTILE_99"
            cross_series_reducer = "REDUCE_MAX"
          }]
        }
      }]
    }
  }
}
