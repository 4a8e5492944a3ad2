terraform {
  required_providers {
    mlops = {
      source = "mlops-rs/mlops"
    }
  }
}

# What is not set here comes from the environment variables that Google's own provider uses:
# GOOGLE_PROJECT, GOOGLE_REGION, GOOGLE_APPLICATION_CREDENTIALS and so on.
provider "mlops" {
  project = "my-project"
  region  = "europe-west1"

  default_labels = {
    managed_by = "terraform"
  }

  # For stacks on AWS, which take credentials from where every AWS tool finds them.
  aws = {
    region              = "eu-west-1"
    allowed_account_ids = ["123456789012"]
    default_tags        = { ManagedBy = "terraform" }
  }
}
