project         = "dtu-mlops-data-482907"
project_number  = "777769481436"
environment     = "prod"
suffix          = "482907"
models_bucket   = "dtu-mlops-data-482907_cloudbuild"
models_location = "US"
image_tag       = "v1"
api             = { cpu = "2", memory = "4Gi", max_instances = 20, invokers = ["allUsers"] }
monthly_budget  = 500
alert_email     = "alerts@example.com"
