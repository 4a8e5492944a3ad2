# __generated__ by Terraform
# Please review these resources and move them into your main configuration files.

# __generated__ by Terraform from "dtu-mlops-data-482907/europe-west1/ct-scan"
resource "mlops_stack" "ct_scan" {
  alert_policies = {
    ct_scan_api_container_crash_loop_p0 = {
      allow_replacement = null
      auto_close        = "30m"
      channels          = ["ct_scan_team_email"]
      combiner          = "OR"
      conditions = [
        {
          absent       = null
          display_name = ">3 restarts in 10 minutes"
          matched_log  = null
          promql       = null
          threshold = {
            aggregations = [
              {
                alignment_period     = "10m"
                cross_series_reducer = "REDUCE_NONE"
                group_by_fields      = null
                per_series_aligner   = "ALIGN_DELTA"
              },
            ]
            comparison               = "COMPARISON_GT"
            denominator_aggregations = null
            denominator_filter       = null
            duration                 = "0s"
            evaluation_missing_data  = null
            filter                   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"ct-scan-api\" AND metric.type=\"run.googleapis.com/container/billable_instance_time\""
            forecast_horizon         = null
            threshold_value          = 3
            trigger_count            = 1
            trigger_percent          = null
          }
        },
      ]
      deletion_policy         = null
      display_name            = "CT Scan API - Container Crash Loop (P0)"
      documentation           = "# Container crash loop\n\nInstances keep restarting. Read the first log lines after a start, not the last ones before the crash, since a missing model file or a bad environment variable shows up there. Confirm that the checkpoint and feature metadata paths exist on the mounted bucket, start the same image locally with the same variables, and pin traffic to the last good revision until the cause is known.\n"
      documentation_subject   = null
      duration                = null
      enabled                 = true
      metric_type             = null
      notification_prompts    = null
      notification_rate_limit = null
      preset                  = null
      resource_type           = null
      service                 = null
      severity                = null
      shadow                  = false
      threshold               = null
      user_labels             = null
    }
    ct_scan_api_downtime_p0 = {
      allow_replacement = null
      auto_close        = "30m"
      channels          = ["ct_scan_team_email"]
      combiner          = "OR"
      conditions = [
        {
          absent       = null
          display_name = "Health check fails for 1 minute"
          matched_log  = null
          promql       = null
          threshold = {
            aggregations = [
              {
                alignment_period     = "1m"
                cross_series_reducer = "REDUCE_NONE"
                group_by_fields      = null
                per_series_aligner   = "ALIGN_RATE"
              },
            ]
            comparison               = "COMPARISON_GT"
            denominator_aggregations = null
            denominator_filter       = null
            duration                 = "1m"
            evaluation_missing_data  = null
            filter                   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"ct-scan-api\" AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\""
            forecast_horizon         = null
            threshold_value          = 0
            trigger_count            = 1
            trigger_percent          = null
          }
        },
      ]
      deletion_policy         = null
      display_name            = "CT Scan API - Downtime (P0)"
      documentation           = "# API downtime\n\nThe CT Scan API is answering with server errors. Open the `ct-scan-api` service in the Cloud Run console, check that the newest revision is Ready and receives all traffic, and read the last fifty error log lines of that revision. If the trouble began with a deployment, send traffic back to the previous revision; if the model volume cannot be mounted, check that the models bucket is reachable. Call the on-call engineer when the service is not healthy again within fifteen minutes.\n"
      documentation_subject   = null
      duration                = null
      enabled                 = true
      metric_type             = null
      notification_prompts    = null
      notification_rate_limit = null
      preset                  = null
      resource_type           = null
      service                 = null
      severity                = null
      shadow                  = false
      threshold               = null
      user_labels             = null
    }
    ct_scan_api_elevated_error_rate_p2 = {
      allow_replacement = null
      auto_close        = "2h"
      channels          = ["ct_scan_team_email"]
      combiner          = "OR"
      conditions = [
        {
          absent       = null
          display_name = "Error rate > 2% over 15 minutes"
          matched_log  = null
          promql       = null
          threshold = {
            aggregations = [
              {
                alignment_period     = "1m"
                cross_series_reducer = "REDUCE_NONE"
                group_by_fields      = null
                per_series_aligner   = "ALIGN_RATE"
              },
            ]
            comparison               = "COMPARISON_GT"
            denominator_aggregations = null
            denominator_filter       = null
            duration                 = "15m"
            evaluation_missing_data  = null
            filter                   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"ct-scan-api\" AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\""
            forecast_horizon         = null
            threshold_value          = 0.02
            trigger_count            = 1
            trigger_percent          = null
          }
        },
      ]
      deletion_policy         = null
      display_name            = "CT Scan API - Elevated Error Rate (P2)"
      documentation           = "# Elevated error rate\n\nErrors stay slightly above normal for a quarter of an hour. This alert does not wake anybody: collect a sample of failing requests, open a ticket with the trace links, and decide during working hours whether the cause is bad input, a flaky dependency or a regression. Treat it as the high error rate alert when the rate doubles.\n"
      documentation_subject   = null
      duration                = null
      enabled                 = false
      metric_type             = null
      notification_prompts    = null
      notification_rate_limit = null
      preset                  = null
      resource_type           = null
      service                 = null
      severity                = null
      shadow                  = false
      threshold               = null
      user_labels             = null
    }
    ct_scan_api_high_cpu_usage_p2 = {
      allow_replacement = null
      auto_close        = "1h"
      channels          = ["ct_scan_team_email"]
      combiner          = "OR"
      conditions = [
        {
          absent       = null
          display_name = "CPU utilization > 80% for 10 minutes"
          matched_log  = null
          promql       = null
          threshold = {
            aggregations = [
              {
                alignment_period     = "1m"
                cross_series_reducer = "REDUCE_MAX"
                group_by_fields      = null
                per_series_aligner   = "ALIGN_PERCENTILE_99"
              },
            ]
            comparison               = "COMPARISON_GT"
            denominator_aggregations = null
            denominator_filter       = null
            duration                 = "10m"
            evaluation_missing_data  = null
            filter                   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"ct-scan-api\" AND metric.type=\"run.googleapis.com/container/cpu/utilizations\""
            forecast_horizon         = null
            threshold_value          = 0.8
            trigger_count            = 1
            trigger_percent          = null
          }
        },
      ]
      deletion_policy         = null
      display_name            = "CT Scan API - High CPU Usage (P2)"
      documentation           = "High CPU usage detected. Monitor for performance degradation."
      documentation_subject   = null
      duration                = null
      enabled                 = false
      metric_type             = null
      notification_prompts    = null
      notification_rate_limit = null
      preset                  = null
      resource_type           = null
      service                 = null
      severity                = null
      shadow                  = false
      threshold               = null
      user_labels             = null
    }
    ct_scan_api_high_error_rate_p0 = {
      allow_replacement = null
      auto_close        = "1h"
      channels          = ["ct_scan_team_email"]
      combiner          = "OR"
      conditions = [
        {
          absent       = null
          display_name = "Error rate > 5% over 5 minutes"
          matched_log  = null
          promql       = null
          threshold = {
            aggregations = [
              {
                alignment_period     = "1m"
                cross_series_reducer = "REDUCE_SUM"
                group_by_fields      = ["metric.label.response_code_class"]
                per_series_aligner   = "ALIGN_RATE"
              },
            ]
            comparison = "COMPARISON_GT"
            denominator_aggregations = [
              {
                alignment_period     = "1m"
                cross_series_reducer = "REDUCE_SUM"
                group_by_fields      = null
                per_series_aligner   = "ALIGN_RATE"
              },
            ]
            denominator_filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"ct-scan-api\" AND metric.type=\"run.googleapis.com/request_count\""
            duration                = "5m"
            evaluation_missing_data = null
            filter                  = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"ct-scan-api\" AND metric.type=\"run.googleapis.com/request_count\""
            forecast_horizon        = null
            threshold_value         = 0.05
            trigger_count           = 1
            trigger_percent         = null
          }
        },
      ]
      deletion_policy         = null
      display_name            = "CT Scan API - High Error Rate (P0)"
      documentation           = "# High error rate\n\nMore than one request in twenty fails. Group the failing requests by path and response code first, because a single bad client often explains the whole rate. Compare the start of the errors with the deployment list and with changes to the configuration file on the mounted bucket, roll back whichever changed last, and watch the rate for ten minutes before you close the incident.\n"
      documentation_subject   = null
      duration                = null
      enabled                 = true
      metric_type             = null
      notification_prompts    = null
      notification_rate_limit = null
      preset                  = null
      resource_type           = null
      service                 = null
      severity                = null
      shadow                  = false
      threshold               = null
      user_labels             = null
    }
    ct_scan_api_high_latency_p1 = {
      allow_replacement = null
      auto_close        = "1h"
      channels          = ["ct_scan_team_email"]
      combiner          = "OR"
      conditions = [
        {
          absent       = null
          display_name = "P95 latency > 2 seconds for 5 minutes"
          matched_log  = null
          promql       = null
          threshold = {
            aggregations = [
              {
                alignment_period     = "1m"
                cross_series_reducer = "REDUCE_PERCENTILE_95"
                group_by_fields      = null
                per_series_aligner   = "ALIGN_DELTA"
              },
            ]
            comparison               = "COMPARISON_GT"
            denominator_aggregations = null
            denominator_filter       = null
            duration                 = "5m"
            evaluation_missing_data  = null
            filter                   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"ct-scan-api\" AND metric.type=\"run.googleapis.com/request_latencies\""
            forecast_horizon         = null
            threshold_value          = 2000
            trigger_count            = 1
            trigger_percent          = null
          }
        },
      ]
      deletion_policy         = null
      display_name            = "CT Scan API - High Latency (P1)"
      documentation           = "# High latency\n\nThe slowest five percent of requests take longer than two seconds. Check whether new instances are being started, because loading the model dominates a cold start, and whether uploads have grown in size. If latency follows traffic, raise the minimum number of instances for the busy hours; if it follows a release, profile that release before it stays in production.\n"
      documentation_subject   = null
      duration                = null
      enabled                 = false
      metric_type             = null
      notification_prompts    = null
      notification_rate_limit = null
      preset                  = null
      resource_type           = null
      service                 = null
      severity                = null
      shadow                  = false
      threshold               = null
      user_labels             = null
    }
    ct_scan_api_memory_exhaustion_p0 = {
      allow_replacement = null
      auto_close        = "30m"
      channels          = ["ct_scan_team_email"]
      combiner          = "OR"
      conditions = [
        {
          absent       = null
          display_name = "Memory utilization > 90% for 3 minutes"
          matched_log  = null
          promql       = null
          threshold = {
            aggregations = [
              {
                alignment_period     = "1m"
                cross_series_reducer = "REDUCE_MAX"
                group_by_fields      = null
                per_series_aligner   = "ALIGN_PERCENTILE_99"
              },
            ]
            comparison               = "COMPARISON_GT"
            denominator_aggregations = null
            denominator_filter       = null
            duration                 = "3m"
            evaluation_missing_data  = null
            filter                   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"ct-scan-api\" AND metric.type=\"run.googleapis.com/container/memory/utilizations\""
            forecast_horizon         = null
            threshold_value          = 0.85
            trigger_count            = 1
            trigger_percent          = null
          }
        },
      ]
      deletion_policy         = null
      display_name            = "CT Scan API - Memory Exhaustion (P0)"
      documentation           = "# Memory exhaustion\n\nContainers use most of their 4 GiB. Look at the memory chart per revision: a step means a larger model was loaded, a slope means a leak. Lower the request concurrency to get immediate relief, then raise the memory limit or return to the smaller model, and note the peak value in the incident so that the alert threshold can be judged afterwards.\n"
      documentation_subject   = null
      duration                = null
      enabled                 = true
      metric_type             = null
      notification_prompts    = null
      notification_rate_limit = null
      preset                  = null
      resource_type           = null
      service                 = null
      severity                = null
      shadow                  = false
      threshold               = null
      user_labels             = null
    }
  }
  apis = null
  buckets = {
    ct_scan_drift_logs_482907 = {
      allow_replacement        = null
      autoclass                = null
      cors                     = null
      data_locations           = null
      default_event_based_hold = false
      deletion_policy          = null
      force_destroy            = false
      hierarchical_namespace   = false
      iam = {
        "roles/storage.objectCreator" = ["drift_detection"]
      }
      kms_key = null
      labels = {
        environment = "prod"
        managed_by  = "terraform"
        project     = "ct-scan-mlops"
        purpose     = "drift-logs"
      }
      lifecycle_rules = [
        {
          action                     = "Delete"
          age                        = 90
          created_before             = null
          custom_time_before         = null
          days_since_custom_time     = null
          days_since_noncurrent_time = null
          matches_prefix             = null
          matches_storage_class      = null
          matches_suffix             = null
          noncurrent_time_before     = null
          num_newer_versions         = null
          size_above_bytes           = null
          size_below_bytes           = null
          storage_class              = null
          with_state                 = "ANY"
        },
      ]
      location                    = "europe-west1"
      logging                     = null
      name                        = "ct-scan-drift-logs-482907"
      public_access_prevention    = "inherited"
      requester_pays              = false
      retention_period            = null
      rpo                         = "DEFAULT"
      soft_delete_retention       = "7d"
      storage_class               = "STANDARD"
      uniform_bucket_level_access = true
      versioning                  = false
      website                     = null
    }
    dtu_mlops_data_482907_cloudbuild = {
      allow_replacement        = null
      autoclass                = null
      cors                     = null
      data_locations           = null
      default_event_based_hold = false
      deletion_policy          = null
      force_destroy            = false
      hierarchical_namespace   = false
      iam = {
        "roles/storage.objectAdmin" = ["cloud_run", "github_actions"]
      }
      kms_key = null
      labels = {
        environment = "prod"
        managed_by  = "terraform"
        project     = "ct-scan-mlops"
        purpose     = "model-artifacts"
      }
      lifecycle_rules = [
        {
          action                     = "Delete"
          age                        = 180
          created_before             = null
          custom_time_before         = null
          days_since_custom_time     = null
          days_since_noncurrent_time = null
          matches_prefix             = null
          matches_storage_class      = null
          matches_suffix             = null
          noncurrent_time_before     = null
          num_newer_versions         = null
          size_above_bytes           = null
          size_below_bytes           = null
          storage_class              = null
          with_state                 = "ANY"
        },
      ]
      location                    = "US"
      logging                     = null
      name                        = "dtu-mlops-data-482907_cloudbuild"
      public_access_prevention    = "inherited"
      requester_pays              = false
      retention_period            = null
      rpo                         = "DEFAULT"
      soft_delete_retention       = "7d"
      storage_class               = "STANDARD"
      uniform_bucket_level_access = true
      versioning                  = true
      website                     = null
    }
    dtu_mlops_dvc_storage_482907 = {
      allow_replacement        = null
      autoclass                = null
      cors                     = null
      data_locations           = null
      default_event_based_hold = false
      deletion_policy          = null
      force_destroy            = false
      hierarchical_namespace   = false
      iam = {
        "roles/storage.objectAdmin" = ["github_actions"]
      }
      kms_key = null
      labels = {
        environment = "prod"
        managed_by  = "terraform"
        project     = "ct-scan-mlops"
        purpose     = "dvc-storage"
      }
      lifecycle_rules = [
        {
          action                     = "Delete"
          age                        = 365
          created_before             = null
          custom_time_before         = null
          days_since_custom_time     = null
          days_since_noncurrent_time = null
          matches_prefix             = null
          matches_storage_class      = null
          matches_suffix             = null
          noncurrent_time_before     = null
          num_newer_versions         = null
          size_above_bytes           = null
          size_below_bytes           = null
          storage_class              = null
          with_state                 = "ANY"
        },
      ]
      location                    = "europe-west1"
      logging                     = null
      name                        = "dtu-mlops-dvc-storage-482907"
      public_access_prevention    = "inherited"
      requester_pays              = false
      retention_period            = null
      rpo                         = "DEFAULT"
      soft_delete_retention       = "7d"
      storage_class               = "STANDARD"
      uniform_bucket_level_access = true
      versioning                  = true
      website                     = null
    }
    dtu_mlops_terraform_state_482907 = {
      allow_replacement        = null
      autoclass                = null
      cors                     = null
      data_locations           = null
      default_event_based_hold = false
      deletion_policy          = null
      force_destroy            = false
      hierarchical_namespace   = false
      iam                      = null
      kms_key                  = null
      labels = {
        environment = "prod"
        managed_by  = "terraform"
        project     = "ct-scan-mlops"
        purpose     = "terraform-state"
      }
      lifecycle_rules = [
        {
          action                     = "Delete"
          age                        = null
          created_before             = null
          custom_time_before         = null
          days_since_custom_time     = null
          days_since_noncurrent_time = null
          matches_prefix             = null
          matches_storage_class      = null
          matches_suffix             = null
          noncurrent_time_before     = null
          num_newer_versions         = 10
          size_above_bytes           = null
          size_below_bytes           = null
          storage_class              = null
          with_state                 = "ANY"
        },
        {
          action                     = "Delete"
          age                        = 90
          created_before             = null
          custom_time_before         = null
          days_since_custom_time     = null
          days_since_noncurrent_time = null
          matches_prefix             = null
          matches_storage_class      = null
          matches_suffix             = null
          noncurrent_time_before     = null
          num_newer_versions         = null
          size_above_bytes           = null
          size_below_bytes           = null
          storage_class              = null
          with_state                 = "ANY"
        },
      ]
      location                    = "europe-west1"
      logging                     = null
      name                        = "dtu-mlops-terraform-state-482907"
      public_access_prevention    = "inherited"
      requester_pays              = false
      retention_period            = null
      rpo                         = "DEFAULT"
      soft_delete_retention       = "7d"
      storage_class               = "STANDARD"
      uniform_bucket_level_access = true
      versioning                  = true
      website                     = null
    }
  }
  budgets = {
    ct_scan_mlops_monthly_budget = {
      allow_replacement          = null
      amount                     = 500
      billing_account            = "012345-6789AB-CDEF01"
      calendar_period            = "MONTH"
      channels                   = null
      credit_types               = null
      credit_types_treatment     = "INCLUDE_ALL_CREDITS"
      currency                   = "USD"
      deletion_policy            = null
      disable_default_recipients = false
      display_name               = "CT Scan MLOps Monthly Budget"
      enable_project_recipients  = false
      forecast_thresholds        = null
      last_period_amount         = false
      projects                   = null
      services                   = null
      thresholds                 = [0.25, 0.5, 0.9, 1, 1.1]
      topic                      = "billing_budget_alerts"
    }
  }
  deletion_protection = true
  firestore_databases = {
    default = {
      allow_replacement = null
      concurrency_mode  = "PESSIMISTIC"
      delete_protection = false
      deletion_policy   = null
      edition           = "STANDARD"
      indexes = {
        feedback_is_correct_timestamp = {
          api_scope  = "ANY_API"
          collection = "feedback"
          fields = [
            {
              array_config     = null
              order            = "ASCENDING"
              path             = "is_correct"
              vector_dimension = null
            },
            {
              array_config     = null
              order            = "DESCENDING"
              path             = "timestamp"
              vector_dimension = null
            },
          ]
          query_scope = "COLLECTION"
          unique      = false
        }
        feedback_prediction_id_timestamp = {
          api_scope  = "ANY_API"
          collection = "feedback"
          fields = [
            {
              array_config     = null
              order            = "ASCENDING"
              path             = "prediction_id"
              vector_dimension = null
            },
            {
              array_config     = null
              order            = "DESCENDING"
              path             = "timestamp"
              vector_dimension = null
            },
          ]
          query_scope = "COLLECTION"
          unique      = false
        }
      }
      kms_key                = null
      location               = "eur3"
      name                   = "(default)"
      point_in_time_recovery = true
      ttl_fields = {
        feedback = "expireAt"
      }
      type = "FIRESTORE_NATIVE"
    }
  }
  labels = null
  name   = "ct-scan"
  notification_channels = {
    ct_scan_team_email = {
      allow_replacement = null
      deletion_policy   = null
      description       = null
      display_name      = "CT Scan Team Email"
      enabled           = true
      labels = {
        email_address = "alerts@example.com"
      }
      sensitive_labels_wo         = null # sensitive
      sensitive_labels_wo_version = null
      type                        = "email"
      user_labels                 = null
    }
  }
  project = "dtu-mlops-data-482907"
  region  = "europe-west1"
  registries = {
    ct_scan_mlops = {
      allow_replacement = null
      cleanup_policies = {
        delete-old-images = {
          action                = "DELETE"
          keep_count            = null
          newer_than            = null
          older_than            = "90d"
          package_name_prefixes = null
          tag_prefixes          = null
          tag_state             = "ANY"
          version_name_prefixes = null
        }
        keep-minimum-versions = {
          action                = "KEEP"
          keep_count            = 5
          newer_than            = null
          older_than            = null
          package_name_prefixes = null
          tag_prefixes          = null
          tag_state             = "ANY"
          version_name_prefixes = null
        }
      }
      cleanup_policy_dry_run = false
      deletion_policy        = null
      description            = "Docker container repository for CT Scan MLOps"
      format                 = "DOCKER"
      iam = {
        "roles/artifactregistry.reader" = ["cloud_run"]
        "roles/artifactregistry.writer" = ["github_actions", "serviceAccount:777769481436@cloudbuild.gserviceaccount.com"]
      }
      immutable_tags = false
      kms_key        = null
      labels = {
        environment = "prod"
        managed_by  = "terraform"
        project     = "ct-scan-mlops"
        purpose     = "docker-registry"
      }
      location                        = "europe-west1"
      maven_allow_snapshot_overwrites = false
      maven_version_policy            = null
      mode                            = "STANDARD_REPOSITORY"
      name                            = "ct-scan-mlops"
      upstream_policies               = null
      upstream_url                    = null
      vulnerability_scanning          = null
    }
  }
  secrets = {
    slack_webhook_token = {
      allow_replacement = null
      annotations       = null
      deletion_policy   = null
      expire_time       = null
      iam = {
        "roles/secretmanager.secretAccessor" = ["monitoring"]
      }
      labels = {
        environment = "prod"
        managed_by  = "terraform"
        project     = "ct-scan-mlops"
        purpose     = "slack-webhook"
      }
      name                = "slack-webhook-token"
      next_rotation_time  = null
      replication         = null
      rotation_period     = null
      topics              = null
      value_wo            = null # sensitive
      value_wo_version    = null
      version_aliases     = null
      version_destroy_ttl = null
    }
    wandb_api_key = {
      allow_replacement = null
      annotations       = null
      deletion_policy   = null
      expire_time       = null
      iam = {
        "roles/secretmanager.secretAccessor" = ["cloud_run", "github_actions"]
      }
      labels = {
        environment = "prod"
        managed_by  = "terraform"
        project     = "ct-scan-mlops"
        purpose     = "wandb-api-key"
      }
      name                = "wandb-api-key"
      next_rotation_time  = null
      replication         = null
      rotation_period     = null
      topics              = null
      value_wo            = null # sensitive
      value_wo_version    = null
      version_aliases     = null
      version_destroy_ttl = null
    }
  }
  service_accounts = {
    cloud_run = {
      allow_replacement = null
      deletion_policy   = null
      description       = "Service account for Cloud Run API service"
      disabled          = false
      display_name      = "Cloud Run Service Account"
      iam               = null
      name              = "cloud-run"
      roles             = ["roles/datastore.user", "roles/secretmanager.secretAccessor", "roles/storage.objectViewer"]
    }
    drift_detection = {
      allow_replacement = null
      deletion_policy   = null
      description       = "Service account for drift detection Cloud Function"
      disabled          = false
      display_name      = "Drift Detection Service Account"
      iam               = null
      name              = "drift-detection"
      roles             = ["roles/datastore.viewer", "roles/monitoring.metricWriter", "roles/storage.objectAdmin"]
    }
    github_actions = {
      allow_replacement = null
      deletion_policy   = null
      description       = "Service account for GitHub Actions CI/CD"
      disabled          = false
      display_name      = "GitHub Actions Service Account"
      iam = {
        "roles/iam.workloadIdentityUser" = ["principalSet://iam.googleapis.com/projects/777769481436/locations/global/workloadIdentityPools/github-pool/attribute.repository/example-org/ct_scan_mlops"]
      }
      name  = "github-actions"
      roles = ["roles/artifactregistry.writer", "roles/iam.serviceAccountUser", "roles/run.admin", "roles/storage.admin"]
    }
    monitoring = {
      allow_replacement = null
      deletion_policy   = null
      description       = "Service account for monitoring and alerting"
      disabled          = false
      display_name      = "Monitoring Service Account"
      iam               = null
      name              = "monitoring"
      roles             = ["roles/logging.logWriter", "roles/monitoring.metricWriter"]
    }
  }
  services = {
    ct_scan_api = {
      allow_replacement    = null
      annotations          = null
      args                 = null
      command              = null
      concurrency          = 80
      cpu                  = "2"
      cpu_idle             = true
      custom_audiences     = null
      default_uri_disabled = false
      deletion_policy      = null
      description          = null
      env = {
        CONFIG_PATH           = "/gcs/configs/config.yaml"
        DEPLOYMENT_ID         = "20260131-102227"
        FEATURES_UPDATED      = "1769852116"
        FEATURE_METADATA_PATH = "/gcs/outputs/checkpoints/feature_metadata.json"
        MODEL_PATH            = "/gcs/outputs/checkpoints/model.pt"
        RELOAD_TIME           = "1769851883"
      }
      execution_environment         = null
      gpu                           = null
      gpu_type                      = null
      gpu_zonal_redundancy_disabled = false
      http2                         = false
      iam = {
        "roles/run.invoker" = ["allUsers"]
      }
      image                = "europe-west1-docker.pkg.dev/dtu-mlops-data-482907/ct-scan-mlops/api:v1"
      ingress              = "INGRESS_TRAFFIC_ALL"
      invoker_iam_disabled = false
      kms_key              = null
      labels = {
        environment = "prod"
        managed_by  = "terraform"
        project     = "ct-scan-mlops"
        purpose     = "api-service"
      }
      liveness_probe    = null
      location          = "europe-west1"
      max_instances     = 20
      memory            = "4Gi"
      min_instances     = 0
      name              = "ct-scan-api"
      port              = 8080
      secret_env        = null
      service_account   = "777769481436-compute@developer.gserviceaccount.com"
      session_affinity  = false
      startup_cpu_boost = true
      startup_probe = {
        failure_threshold = 1
        grpc              = false
        grpc_service      = null
        http_headers      = null
        http_path         = null
        initial_delay     = "0s"
        period            = "4m"
        port              = 8080
        tcp               = true
        timeout           = "4m"
      }
      timeout = "5m"
      traffic = [
        {
          percent  = 100
          revision = null
          tag      = null
          type     = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
        },
      ]
      volumes = {
        gcs-bucket = {
          bucket              = "dtu_mlops_data_482907_cloudbuild"
          cloud_sql_instances = null
          default_mode        = null
          empty_dir           = null
          items               = null
          mount_options       = null
          mount_path          = "/gcs"
          nfs                 = null
          read_only           = false
          secret              = null
          sub_path            = null
        }
      }
      vpc_access = null
    }
  }
  shadow_severities = null
  timeouts          = null
  topics = {
    billing_budget_alerts = {
      allow_replacement = null
      allowed_regions   = null
      deletion_policy   = null
      iam               = null
      kms_key           = null
      labels = {
        environment = "prod"
        managed_by  = "terraform"
        project     = "ct-scan-mlops"
        purpose     = "billing-alerts"
      }
      message_retention = null
      name              = "billing-budget-alerts"
      schema            = null
      schema_encoding   = null
      subscriptions     = null
    }
  }
  workload_identity_pools = {
    github_pool = {
      allow_replacement = null
      deletion_policy   = null
      description       = "Workload Identity Pool for GitHub Actions"
      disabled          = false
      display_name      = "GitHub Actions Pool"
      name              = "github-pool"
      providers = {
        github_provider = {
          allowed_audiences   = null
          attribute_condition = "assertion.repository=='example-org/ct_scan_mlops'"
          attribute_mapping = {
            "attribute.actor"      = "assertion.actor"
            "attribute.ref"        = "assertion.ref"
            "attribute.repository" = "assertion.repository"
            "google.subject"       = "assertion.sub"
          }
          aws_account_id    = null
          description       = "GitHub OIDC provider for Actions"
          disabled          = false
          display_name      = "GitHub OIDC Provider"
          issuer_uri        = "https://token.actions.githubusercontent.com"
          jwks_json         = null
          name              = "github-provider"
          saml_metadata_xml = null
        }
      }
    }
  }
}
