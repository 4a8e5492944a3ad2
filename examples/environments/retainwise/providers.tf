terraform {
  required_version = ">= 1.11"
  required_providers {
    mlops = {
      source = "mlops-rs/mlops"
    }
  }
}

# Credentials come from where the AWS tools find theirs.
provider "mlops" {
  aws = { region = var.region }
}
