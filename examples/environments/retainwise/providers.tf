terraform {
  required_version = ">= 1.11"
  required_providers {
    mlops = {
      source = "mlops-rs/mlops"
    }
  }
}

# Phases alone need no Google Cloud project. Credentials for the store come from where the AWS tools find theirs.
provider "mlops" {}
