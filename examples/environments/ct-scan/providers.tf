terraform {
  required_version = ">= 1.8"
  required_providers {
    mlops = {
      source = "mlops-rs/mlops"
    }
  }
}

provider "mlops" {
  project = "dtu-mlops-data-482907"
  region  = "europe-west1"
}
