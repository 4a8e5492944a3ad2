terraform {
  required_version = ">= 1.11"
  required_providers {
    mlops = { source = "mlops-rs/mlops" }
  }
}

provider "mlops" {
  project = "my-project"
  region  = "europe-west1"
}
