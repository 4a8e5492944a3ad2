terraform {
  required_providers {
    mlops = { source = "mlops-rs/mlops" }
  }
}

provider "mlops" {
  project = "dtu-mlops-data-482907"
  region  = "europe-west1"
}

import {
  to = mlops_stack.ct_scan
  id = "dtu-mlops-data-482907/europe-west1/ct-scan"
}
