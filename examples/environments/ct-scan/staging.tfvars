# As production, but smaller, and closed to the public.
project         = "dtu-mlops-staging-482907"
project_number  = "777769481437"
environment     = "staging"
suffix          = "staging-482907"
models_bucket   = "ct-scan-models-staging-482907"
models_location = "europe-west1"
image_tag       = "v1"
api             = { cpu = "2", memory = "4Gi", max_instances = 5, invokers = ["github_actions"] }
monthly_budget  = 150
alert_email     = "alerts-staging@example.com"
