resource "mlops_aws_stack" "prod" {
  name   = "churn"
  region = "eu-west-1"
  vpc_id = var.vpc_id # of every component below that lives in one
  tags   = { Environment = "prod", Team = "data" }

  # Encrypted and closed to the public unless a bucket says otherwise.
  buckets = {
    state = {
      name            = "churn-terraform-state"
      versioning      = true
      tls_only        = true
      lifecycle_rules = { old_versions = { noncurrent_version_expiration_in_days = 90 } }
      deletion_policy = "ABANDON"
    }
    uploads = {
      name       = "churn-uploads"
      cors_rules = [{ allowed_origins = ["https://app.example.com"], allowed_methods = ["GET", "PUT"] }]
    }
  }

  # Terraform's lock. Requests are paid for, unless there is a read_capacity and a write_capacity.
  tables = {
    locks = { name = "churn-terraform-locks", key = { LockID = "S" }, deletion_policy = "ABANDON" }
    runs = {
      name                   = "churn-runs"
      key                    = { model = "S" }
      sort_key               = { started = "N" }
      ttl_attribute          = "expires"
      point_in_time_recovery = true
    }
  }

  queues = {
    predictions = {
      name                              = "churn-predictions"
      visibility_timeout                = "5m"
      receive_message_wait_time_seconds = 20
      dead_letter                       = { queue = "failed", max_receive_count = 3 } # the KEY of the next one
    }
    failed = { name = "churn-predictions-failed", message_retention_period = "14d" }
  }

  topics = {
    alerts = {
      name          = "churn-alerts"
      subscriptions = { on_call = { protocol = "email", endpoint = "on-call@example.com" } } # it has to be confirmed
    }
  }

  repositories = {
    api = {
      name            = "churn-api"
      scan_on_push    = true
      lifecycle_rules = [{ description = "Keep the last 10 images", tag_status = "any", count_more_than = 10 }]
    }
  }

  # The value goes in and is never stored; another version sends it again.
  secrets = {
    database_url = { name = "churn/prod/database-url", value_wo = var.database_url, value_wo_version = 1 }
  }

  # A group without egress keeps EC2's rule that lets everything out.
  security_groups = {
    web      = { name = "churn-web", description = "Public", ingress = { https = { port = 443, cidr = "0.0.0.0/0" } } }
    database = { name = "churn-rds", description = "PostgreSQL", ingress = { web = { port = 5432, security_group = "web" } } }
  }

  vpc_endpoints = {
    sqs = { service = "sqs", subnets = var.private_subnets, security_groups = ["web"], private_dns_enabled = true }
  }

  db_subnet_groups = {
    main = { name = "churn-db", description = "Private subnets", subnets = var.private_subnets }
  }

  db_parameter_groups = {
    main = { name = "churn-postgres15", family = "postgres15", parameters = { log_min_duration_statement = "1000" } }
  }

  db_instances = {
    main = {
      name                    = "churn-db"
      engine                  = "postgres"
      engine_version          = "15" # minor versions are RDS's
      instance_class          = "db.t3.micro"
      allocated_storage       = 20
      storage_type            = "gp3"
      storage_encrypted       = true
      database                = "churn"
      username                = "churn"
      password_wo             = var.database_password
      password_wo_version     = 1
      subnet_group            = "main"
      parameter_group         = "main"
      security_groups         = ["database"]
      backup_retention_period = 7
    }
  }

  # Statements in IAM's terms; {{kind.KEY.arn}} is the ARN of a component of this stack.
  policies = {
    send = {
      name       = "churn-send"
      statements = [{ actions = ["sqs:SendMessage", "sqs:GetQueueUrl"], resources = ["{{queues.predictions.arn}}"] }]
    }
  }

  roles = {
    api = {
      name     = "churn-api"
      trust    = { services = ["ecs-tasks.amazonaws.com"] }
      policies = ["send", "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"]
    }
    deploy = {
      name  = "churn-deploy"
      trust = { github = { provider = "github", subjects = ["repo:example/churn:ref:refs/heads/main"] } }
    }
  }

  oidc_providers = {
    github = { url = "https://token.actions.githubusercontent.com", client_ids = ["sts.amazonaws.com"] }
  }

  # Requests to port 80 are sent to 443, and those to the service's tasks.
  load_balancers = {
    main = {
      name            = "churn"
      subnets         = var.public_subnets
      security_groups = ["web"]
      listeners = {
        http  = { port = 80, redirect = { protocol = "HTTPS", port = "443" } }
        https = { port = 443, certificate = var.certificate, target_group = "api" }
      }
    }
  }

  target_groups = {
    api = { name = "churn-api", port = 8000, health_check = { path = "/health" } }
  }

  clusters = {
    main = { name = "churn", container_insights = "enabled" }
  }

  # A service and the task definition that it runs. A change of the task is a new revision, beside the pipeline's.
  services = {
    api = {
      name           = "churn-api"
      cluster        = "main"
      image          = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/churn-api:1.0" # without it: whatever the pipeline deploys
      cpu            = 512
      memory         = 1024
      port           = 8000
      env            = { QUEUE_URL = "{{queues.predictions.url}}" }
      execution_role = "api"
      task_role      = "api"
      log_group      = "api"
      target_group   = "api"
      subnets        = ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"]
      scaling        = { min = 1, max = 4, cpu_utilization = 60 }
    }
  }

  log_groups = {
    api    = { name = "/ecs/churn-api", retention_in_days = 30 }
    worker = { name = "/ecs/churn-worker", retention_in_days = 30 }
  }

  alarms = {
    dead = { name = "churn-dead-letters", preset = "dead_letters", queue = "failed", actions = ["alerts"] }
    slow = { name = "churn-slow", preset = "target_latency", target_group = "api", actions = ["alerts"] }
    cpu  = { name = "churn-db-cpu", preset = "database_cpu", db_instance = "main", actions = ["alerts"] }
  }
}

variable "vpc_id" {
  type = string
}

variable "private_subnets" {
  type = set(string)
}

variable "public_subnets" {
  type = set(string)
}

variable "certificate" {
  type = string
}

variable "database_password" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "database_url" {
  type      = string
  sensitive = true
  ephemeral = true
}
