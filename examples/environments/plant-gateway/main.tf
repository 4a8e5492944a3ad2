# An API gateway in front of a backend: two services, of which one is told the other's address. The secrets and the VPC
# connector exist already and are named as the cloud names them.

resource "mlops_stack" "plant" {
  name   = "plant"
  labels = { environment = "demo", app = "plant" }

  registries = {
    images = {
      name        = "plant"
      description = "Images of the Plant services"
    }
  }

  services = {
    backend = {
      name            = "plant-backend-demo"
      image           = "asia-south1-docker.pkg.dev/plant-gateway-demo/plant/plant-backend:demo-latest"
      service_account = "plant-backend@plant-gateway-demo.iam.gserviceaccount.com"
      port            = 8001
      cpu             = "1"
      memory          = "512Mi"
      min_instances   = 1
      max_instances   = 10
      timeout         = "5m"
      ingress         = "INGRESS_TRAFFIC_INTERNAL_ONLY"

      env = {
        ENVIRONMENT = "demo"
      }
      secret_env = {
        DATABASE_URL         = { secret = "database-url" }
        LAUNCHDARKLY_SDK_KEY = { secret = "launchdarkly-sdk-key" }
      }
      vpc_access = { connector = "plant-vpc-connector", egress = "PRIVATE_RANGES_ONLY" }

      # Only the gateway may call the backend.
      iam = {
        "roles/run.invoker" = ["serviceAccount:plant-gateway@plant-gateway-demo.iam.gserviceaccount.com"]
      }
    }

    gateway = {
      name            = "plant-gateway-demo"
      image           = "asia-south1-docker.pkg.dev/plant-gateway-demo/plant/plant-gateway:demo-latest"
      service_account = "plant-gateway@plant-gateway-demo.iam.gserviceaccount.com"
      port            = 8000
      cpu             = "1"
      memory          = "512Mi"
      min_instances   = 1
      max_instances   = 10

      env = {
        ENVIRONMENT = "demo"
        # The backend's address: known once the backend exists, so the gateway is made after it.
        PLANT_BACKEND_URL         = "{{services.backend.url}}"
        OPA_SERVICE_URL           = "https://opa-policy-engine.a.run.app"
        REDIS_HOST                = "10.0.0.3"
        CLOUD_SQL_CONNECTION_NAME = "plant-gateway-demo:asia-south1:plant-sql-demo"
      }
      secret_env = {
        DATABASE_URL         = { secret = "database-url" }
        JWT_SECRET           = { secret = "jwt-secret", version = "latest" }
        LAUNCHDARKLY_SDK_KEY = { secret = "launchdarkly-sdk-key" }
      }
      volumes = {
        cloudsql = {
          cloud_sql_instances = ["plant-gateway-demo:asia-south1:plant-sql-demo"]
          mount_path          = "/cloudsql"
        }
      }
      vpc_access = { connector = "plant-vpc-connector", egress = "PRIVATE_RANGES_ONLY" }

      iam = {
        "roles/run.invoker" = ["allUsers"]
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
  }
}
