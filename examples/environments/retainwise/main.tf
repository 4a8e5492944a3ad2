# RetainWise, whole: what keeps Terraform's state, files and the queue of predictions, two services with their database and
# balancer, who may do what, and who is told when something is wrong. The network is there already and only named.

resource "mlops_aws_stack" "retainwise" {
  name                = "retainwise"
  region              = var.region
  vpc_id              = var.vpc_id
  deletion_protection = var.deletion_protection
  tags                = { Environment = "prod", ManagedBy = var.as_found ? "Console" : "Terraform", Project = "RetainWise" }

  # They outlive the stack: its own state is in them.
  buckets = {
    terraform_state = {
      name               = "retainwise-terraform-state-prod"
      versioning         = true
      bucket_key_enabled = true
      tls_only           = var.as_found ? null : true
      lifecycle_rules    = { DeleteOldVersions = { noncurrent_version_expiration_in_days = 90 } }
      deletion_policy    = "ABANDON"
    }
    uploads = {
      name               = "retainwise-uploads"
      bucket_key_enabled = true
      cors_rules = [{
        allowed_origins = ["https://app.retainwiseanalytics.com"]
        allowed_methods = ["GET", "PUT"]
        allowed_headers = ["*"]
        max_age         = 3000
      }]
    }
    predictions = {
      name               = "retainwise-predictions"
      bucket_key_enabled = true
      lifecycle_rules    = { expire = { expiration_in_days = 365 } }
    }
  }
  tables = {
    locks = { name = "retainwise-terraform-locks", key = { LockID = "S" }, deletion_policy = "ABANDON" }
  }

  # A prediction that fails three times waits two weeks for somebody to look at it.
  queues = {
    predictions = {
      name                              = "prod-retainwise-predictions-queue"
      visibility_timeout                = "5m"
      receive_message_wait_time_seconds = 20
      dead_letter                       = { queue = "dlq", max_receive_count = 3 }
    }
    dlq = { name = "prod-retainwise-predictions-dlq", message_retention_period = "14d" }
  }
  repositories = {
    backend = {
      name            = "retainwise-backend"
      scan_on_push    = true
      lifecycle_rules = [{ description = "Keep the last 10 images", tag_status = "any", count_more_than = 10 }]
    }
  }

  policies = {
    sqs_send = {
      name        = "prod-retainwise-sqs-send"
      path        = "/retainwise/"
      description = "Allow backend to publish messages to SQS predictions queue"
      statements = [{
        sid       = "AllowSendToPredictionsQueue"
        actions   = ["sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
        resources = ["{{queues.predictions.arn}}"]
        condition = local.within_network
      }]
    }
    sqs_worker = {
      name        = "prod-retainwise-sqs-worker"
      path        = "/retainwise/"
      description = "Allow worker to receive/delete messages from SQS queues"
      statements = [{
        sid       = "AllowWorkerQueueOperations"
        actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
        resources = ["{{queues.predictions.arn}}", "{{queues.dlq.arn}}"]
        condition = local.within_network
      }]
    }
    s3_access = {
      name        = "prod-retainwise-s3-access"
      path        = "/retainwise/"
      description = "Uploads and predictions"
      statements = [{
        actions   = ["s3:GetObject", "s3:PutObject"]
        resources = ["{{buckets.uploads.arn}}/*", "{{buckets.predictions.arn}}/*"]
      }]
    }
    cicd = {
      name        = "retainwise-cicd-terraform-full"
      path        = "/retainwise/"
      description = "Full permissions for CI/CD to manage infrastructure via Terraform"
      statements  = concat(local.state_access, var.as_found ? local.by_hand : [])
      manages     = !var.as_found
    }
  }

  roles = {
    backend_task = { name = "prod-retainwise-backend-task-role", trust = local.tasks, policies = ["s3_access", "sqs_send"] }
    worker_task  = { name = "prod-retainwise-worker-task-role", trust = local.tasks, policies = ["s3_access", "sqs_worker"] }
    execution = {
      name     = "prod-retainwise-ecs-execution-role"
      trust    = local.tasks
      policies = ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"]
    }
    github_actions = {
      name     = "retainwise-github-actions-role"
      trust    = { github = { provider = "github", subjects = ["repo:${var.repository}:*"] } }
      policies = ["cicd"]
    }
  }
  oidc_providers = {
    github = { url = "https://token.actions.githubusercontent.com", client_ids = ["sts.amazonaws.com"] }
  }

  # Who reaches whom: the world the balancer, the balancer the tasks, the tasks the database.
  security_groups = {
    alb = {
      name        = "retainwise-alb"
      tags        = { Name = "retainwise-alb" }
      description = "Public load balancer"
      ingress = {
        http  = { port = 80, cidr = "0.0.0.0/0", description = "HTTP" }
        https = { port = 443, cidr = "0.0.0.0/0", description = "HTTPS" }
      }
    }
    tasks = {
      name        = "retainwise-ecs-tasks"
      tags        = { Name = "retainwise-ecs-tasks" }
      description = "ECS tasks"
      ingress     = { alb = { port = 8000, security_group = "alb", description = "From the load balancer" } }
    }
    database = {
      name        = "retainwise-rds"
      tags        = { Name = "retainwise-rds" }
      description = "PostgreSQL"
      ingress     = { tasks = { port = 5432, security_group = "tasks", description = "From the tasks" } }
    }
    vpc_endpoints = {
      name        = "retainwise-vpc-endpoints"
      tags        = { Name = "retainwise-vpc-endpoints" }
      description = "Security group for VPC endpoints"
      ingress     = { vpc = { port = 443, cidr = var.vpc_cidr, description = "Allow HTTPS from VPC" } }
    }
  }
  vpc_endpoints = {
    sqs = {
      service             = "sqs"
      subnets             = var.private_subnets
      security_groups     = ["vpc_endpoints"]
      private_dns_enabled = true
      tags                = { Name = "retainwise-sqs-endpoint" }
    }
  }

  # Their values go in once and are kept nowhere else.
  secrets = {
    database_url = { name = "retainwise/prod/database-url", value_wo = var.database_url, value_wo_version = 1 }
  }
  db_subnet_groups    = { main = { name = "retainwise-db", description = "Private subnets", subnets = var.private_subnets } }
  db_parameter_groups = { main = { name = "retainwise-postgres15", family = "postgres15", description = "RetainWise", parameters = { log_min_duration_statement = "1000" } } }
  db_instances = {
    main = {
      name                    = "retainwise-db"
      engine                  = "postgres"
      engine_version          = "15" # its minor versions are RDS's
      instance_class          = "db.t3.micro"
      allocated_storage       = 20
      storage_type            = "gp3"
      storage_encrypted       = true
      database                = "retainwise"
      username                = "retainwise"
      password_wo             = var.database_password
      password_wo_version     = 1
      subnet_group            = "main"
      parameter_group         = "main"
      security_groups         = ["database"]
      backup_retention_period = 7
      copy_tags_to_snapshot   = true
      maintenance_window      = "sun:04:30-sun:05:30"
      deletion_protection     = var.deletion_protection
    }
  }

  log_groups = {
    backend = { name = "/ecs/retainwise-backend", retention_in_days = 30 }
    worker  = { name = "/ecs/retainwise-worker", retention_in_days = 30 }
  }
  load_balancers = {
    main = {
      name                = "retainwise-alb"
      subnets             = var.public_subnets
      security_groups     = ["alb"]
      idle_timeout        = "2m"
      deletion_protection = var.deletion_protection
      listeners = {
        http  = { port = 80, redirect = { protocol = "HTTPS", port = "443" } }
        https = { port = 443, certificate = var.certificate, ssl_policy = "ELBSecurityPolicy-TLS13-1-2-2021-06", target_group = "backend" }
      }
    }
  }
  target_groups = {
    backend = { name = "retainwise-backend-tg", port = 8000, health_check = { path = "/health" } }
  }
  clusters = { main = { name = "retainwise-cluster", container_insights = "enabled" } }
  services = {
    backend = merge(local.service, {
      name         = "retainwise-backend"
      task_role    = "backend_task"
      cpu          = 512
      memory       = 1024
      port         = 8000
      log_group    = "backend"
      target_group = "backend"
      grace_period = var.as_found ? null : "60s"
    })
    worker = merge(local.service, {
      name      = "retainwise-worker"
      task_role = "worker_task"
      cpu       = 1024
      memory    = 2048
      command   = ["python", "-m", "backend.workers.prediction_worker"]
      log_group = "worker"
      scaling   = { min = 1, max = 4, cpu_utilization = 60 }
    })
  }

  topics = { alerts = { name = "retainwise-alerts", subscriptions = { on_call = { protocol = "email", endpoint = var.alert_email } } } }
  alarms = { for key, alarm in local.alarms : key => merge({
    name               = "retainwise-${replace(key, "_", "-")}"
    description        = "RetainWise: ${key}"
    period             = "5m"
    evaluation_periods = 2
    treat_missing_data = "missing"
    actions            = ["alerts"]
    ok_actions         = ["alerts"]
    shadow             = var.shadow_alarms
  }, alarm) }
}
