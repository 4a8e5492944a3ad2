# One small instance, alerts that tell nobody, and nothing that cannot be destroyed.
project             = "dtu-mlops-dev-482907"
project_number      = "777769481438"
environment         = "dev"
suffix              = "dev-482907"
models_bucket       = "ct-scan-models-dev-482907"
models_location     = "europe-west1"
image_tag           = "latest"
api                 = { cpu = "1", memory = "2Gi", max_instances = 1, invokers = ["github_actions"] }
monthly_budget      = 50
alert_email         = "alerts-dev@example.com"
shadow_alerts       = true
deletion_protection = false
