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
      name            = "churn-api"
      image           = "europe-west1-docker.pkg.dev/my-project/churn/api:1.4.0"
      cpu             = "2"
      memory          = "4Gi"
      max_instances   = 20
      service_account = "api"
      env = {
        MODEL_BUCKET = "{{buckets.models.url}}"
      }
      secret_env = {
        WANDB_API_KEY = { secret = "wandb" }
      }
      volumes = {
        models = { bucket = "models", mount_path = "/models", read_only = true }
      }
      iam = {
        "roles/run.invoker" = ["allUsers"]
      }
    }
  }

  jobs = {
    retrain = {
      name            = "churn-retrain"
      image           = "europe-west1-docker.pkg.dev/my-project/churn/train:1.4.0"
      memory          = "4Gi"
      timeout         = "2h"
      service_account = "api"
      iam = {
        "roles/run.invoker" = ["deploy"]
      }
    }
  }

  schedules = {
    nightly = {
      cron            = "0 3 * * *"
      time_zone       = "Europe/Berlin"
      job             = "retrain"
      service_account = "deploy"
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

  service_accounts = {
    api = {
      name         = "churn-api"
      display_name = "Churn API"
      roles        = ["roles/datastore.user"]
    }
    deploy = {
      name  = "github-deploy"
      roles = ["roles/run.developer"]
      iam = {
        "roles/iam.workloadIdentityUser" = [
          "principalSet://iam.googleapis.com/{{workload_identity_pools.github.id}}/attribute.repository/my-org/churn",
        ]
      }
    }
  }

  load_balancers = {
    web = {
      default_backend = "api"
      addresses       = { main = {} }
      backends = {
        api    = { service = "api" }
        models = { bucket = "models", cdn = true }
      }
      routes = [{
        hosts           = ["models.example.com"]
        default_backend = "models"
        paths           = [{ paths = ["/predict", "/predict/*"], backend = "api" }]
      }]
      certificates = { main = { domains = ["api.example.com", "models.example.com"] } }
      frontends = {
        https = { address = "main", certificates = ["main"] }
        http  = { protocol = "HTTP", address = "main", redirect_to_https = true }
      }
    }
  }

  custom_roles = {
    model_reader = {
      title       = "Model reader"
      permissions = ["storage.objects.get", "storage.objects.list"]
    }
  }

  secrets = {
    wandb = {
      name             = "wandb-api-key"
      value_wo         = var.wandb_api_key
      value_wo_version = 1
      iam              = { "roles/secretmanager.secretAccessor" = ["api"] }
    }
  }

  workload_identity_pools = {
    github = {
      name = "github-pool"
      providers = {
        github = {
          name                = "github-provider"
          issuer_uri          = "https://token.actions.githubusercontent.com"
          attribute_mapping   = { "google.subject" = "assertion.sub", "attribute.repository" = "assertion.repository" }
          attribute_condition = "assertion.repository_owner == 'my-org'"
        }
      }
    }
  }

  firestore_databases = {
    feedback = {
      location               = "eur3"
      point_in_time_recovery = true
      indexes = {
        by_prediction = {
          collection = "feedback"
          fields = [
            { path = "prediction_id", order = "ASCENDING" },
            { path = "timestamp", order = "DESCENDING" },
          ]
        }
      }
      ttl_fields = { feedback = "expireAt" }
    }
  }

  sql_instances = {
    features = {
      name               = "churn-features"
      database_version   = "POSTGRES_17"
      tier               = "db-custom-2-7680"
      disk_size          = 20
      backup             = { enabled = true, point_in_time_recovery = true }
      maintenance_window = { day = 7, hour = 3 }
      ssl_mode           = "ENCRYPTED_ONLY"
      databases          = { features = {} }
      users = {
        api = {
          password_wo         = var.database_password
          password_wo_version = 1
        }
      }
    }
  }

  topics = {
    billing = {
      name = "billing-alerts"
      subscriptions = {
        ledger = { name = "billing-ledger", ack_deadline = "30s" }
      }
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

  networks = {
    main = {
      subnetworks      = { apps = { ip_cidr_range = "10.0.0.0/24", private_google_access = true } }
      private_services = { google = { name = "google-services", prefix_length = 16 } }
    }
  }

  vpc_connectors = {
    egress = {
      network       = "main"
      ip_cidr_range = "10.8.0.0/28"
      max_instances = 3
    }
  }

  redis_instances = {
    cache = {
      network        = "main"
      memory_size_gb = 1
      redis_version  = "REDIS_7_2"
      redis_configs  = { "maxmemory-policy" = "allkeys-lru" }
    }
  }
}

variable "database_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "wandb_api_key" {
  type      = string
  sensitive = true
  ephemeral = true
}
