# Plant Gateway, whole: three portals in front, their backends behind a gateway that asks OPA, a database and a cache that only
# the network reaches, and a load balancer that leads to the gateway and never to the backend.

resource "mlops_stack" "plant" {
  name                = "plant"
  labels              = { environment = "demo", app = "plant" }
  deletion_protection = var.deletion_protection

  networks = {
    plant = {
      subnetworks      = { services = { name = "plant-services", ip_cidr_range = "10.10.0.0/24" } }
      private_services = { google = { name = "plant-google", prefix_length = 16 } }
    }
  }
  vpc_connectors = {
    plant = { name = "plant-connector", network = "plant", ip_cidr_range = "10.8.0.0/28" }
  }

  sql_instances = {
    plant = {
      name             = "plant-sql-demo"
      database_version = "POSTGRES_15"
      ipv4_enabled     = false
      private_network  = "plant"
      backup           = { enabled = true }
      databases        = { plant = {} }
      users            = { plant = { password_wo = var.database_password, password_wo_version = 1 } }
    }
  }
  redis_instances = {
    cache = { name = "plant-cache-demo", memory_size_gb = 1, network = "plant" }
  }
  registries = {
    images = { name = "plant", description = "Images of the Plant services" }
  }
  buckets = {
    checkpoints = { name = "plant-gateway-demo-checkpoints", versioning = true }
  }

  service_accounts = {
    portal   = { name = "plant-portal" }
    backend  = { name = "plant-backend", roles = ["roles/cloudsql.client"] }
    gateway  = { name = "plant-gateway", roles = ["roles/cloudsql.client"] }
    migrator = { name = "plant-migrator", roles = ["roles/cloudsql.client"] }
  }
  project_iam = {
    "roles/run.viewer" = ["group:plant-operators@example.com"]
  }

  # Their values go in once and are kept nowhere else.
  secrets = {
    database_url = {
      name             = "database-url"
      value_wo         = "postgresql://plant:${var.database_password}@/plant?host=/cloudsql/plant-gateway-demo:asia-south1:plant-sql-demo"
      value_wo_version = 1
      iam              = { "roles/secretmanager.secretAccessor" = ["backend", "gateway", "migrator"] }
    }
    jwt_secret = {
      name             = "jwt-secret"
      value_wo         = var.jwt_secret
      value_wo_version = 1
      iam              = { "roles/secretmanager.secretAccessor" = ["gateway"] }
    }
    launchdarkly = {
      name             = "launchdarkly-sdk-key"
      value_wo         = var.launchdarkly_sdk_key
      value_wo_version = 1
      iam              = { "roles/secretmanager.secretAccessor" = ["backend", "gateway"] }
    }
  }

  # Alembic's migrations: each new image of them runs before the services that need the new schema.
  jobs = {
    migrations = {
      name              = "plant-migrations"
      image             = "${local.images}/plant-backend:${var.tag}"
      command           = ["alembic", "upgrade", "head"]
      service_account   = "migrator"
      execute_on_change = true
      max_retries       = 0
      secret_env        = { DATABASE_URL = { secret = "database_url" } }
      volumes           = local.database
      vpc_access        = local.inside
    }
  }

  services = {
    cp_backend = merge(local.small, { name = "cp-backend-demo", image = "${local.images}/cp-backend:${var.tag}", env = local.behind })
    cp         = merge(local.small, { name = "cp-demo", image = "${local.images}/cp:${var.tag}", env = { BACKEND_URL = "{{services.cp_backend.url}}" } })
    pp_backend = merge(local.small, { name = "pp-backend-demo", image = "${local.images}/pp-backend:${var.tag}", env = local.behind })
    pp         = merge(local.small, { name = "pp-demo", image = "${local.images}/pp:${var.tag}", env = { BACKEND_URL = "{{services.pp_backend.url}}" } })

    backend = {
      name            = "plant-backend-demo"
      image           = "${local.images}/plant-backend:${coalesce(var.backend_tag, var.tag)}"
      service_account = "backend"
      port            = 8001
      cpu             = "1"
      memory          = "512Mi"
      min_instances   = 1
      max_instances   = 10
      ingress         = "INGRESS_TRAFFIC_INTERNAL_ONLY"
      after_jobs      = ["migrations"]
      env             = { ENVIRONMENT = "demo", REDIS_HOST = "{{redis_instances.cache.host}}" }
      secret_env = {
        DATABASE_URL         = { secret = "database_url" }
        LAUNCHDARKLY_SDK_KEY = { secret = "launchdarkly" }
      }
      volumes    = local.database
      vpc_access = local.inside
      iam        = { "roles/run.invoker" = ["gateway"] }
    }

    gateway = {
      name            = "plant-gateway-demo"
      image           = "${local.images}/plant-gateway:${var.tag}"
      service_account = "gateway"
      port            = 8000
      cpu             = "1"
      memory          = "512Mi"
      min_instances   = 1
      max_instances   = 10
      ingress         = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
      after_jobs      = ["migrations"]
      env = {
        ENVIRONMENT               = "demo"
        PLANT_BACKEND_URL         = "{{services.backend.url}}"
        OPA_SERVICE_URL           = "http://localhost:8181"
        REDIS_HOST                = "{{redis_instances.cache.host}}"
        CLOUD_SQL_CONNECTION_NAME = "{{sql_instances.plant.connection_name}}"
      }
      secret_env = {
        DATABASE_URL         = { secret = "database_url" }
        JWT_SECRET           = { secret = "jwt_secret" }
        LAUNCHDARKLY_SDK_KEY = { secret = "launchdarkly" }
      }
      containers = {
        opa = {
          image  = "docker.io/openpolicyagent/opa:1.0.0"
          args   = ["run", "--server", "--addr=localhost:8181"]
          cpu    = "0.5"
          memory = "256Mi"
        }
      }
      volumes    = local.database
      vpc_access = local.inside
      iam        = { "roles/run.invoker" = ["allUsers"] }
    }
  }

  load_balancers = {
    plant = {
      addresses    = { public = { name = "plant-public" } }
      certificates = { plant = { domains = ["api.plant.example.com", "cp.plant.example.com", "pp.plant.example.com"] } }
      backends = {
        gateway = { service = "gateway", log = true }
        cp      = { service = "cp" }
        pp      = { service = "pp" }
      }
      default_backend = "gateway"
      routes = [
        { hosts = ["cp.plant.example.com"], default_backend = "cp", paths = [{ paths = ["/api/*"], backend = "gateway" }] },
        { hosts = ["pp.plant.example.com"], default_backend = "pp", paths = [{ paths = ["/api/*"], backend = "gateway" }] },
      ]
      frontends = {
        https = { address = "public", certificates = ["plant"] }
        http  = { protocol = "HTTP", address = "public", redirect_to_https = true }
      }
    }
  }

  notification_channels = {
    operators = {
      type         = "email"
      display_name = "Plant operators"
      labels       = { email_address = "plant-operators@example.com" }
    }
  }
  alert_policies = {
    gateway_down   = { preset = "api_downtime", service = "gateway", channels = ["operators"] }
    gateway_errors = { preset = "high_error_rate", service = "gateway", channels = ["operators"] }
    gateway_slow   = { preset = "high_latency", service = "gateway", channels = ["operators"], threshold = 1500 }
    backend_errors = { preset = "high_error_rate", service = "backend", channels = ["operators"] }
  }
}

locals {
  images   = "asia-south1-docker.pkg.dev/plant-gateway-demo/plant"
  behind   = { PLANT_GATEWAY_URL = "https://api.plant.example.com" }
  inside   = { connector = "plant", egress = "PRIVATE_RANGES_ONLY" }
  database = { cloudsql = { cloud_sql_instances = ["plant"], mount_path = "/cloudsql" } }

  # What the portals and their backends have in common.
  small = {
    service_account = "portal"
    cpu             = "1"
    memory          = "512Mi"
    max_instances   = 5
    iam             = { "roles/run.invoker" = ["allUsers"] }
  }
}
