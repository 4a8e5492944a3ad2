# What several components of the stack have in common.

locals {
  tasks          = { services = ["ecs-tasks.amazonaws.com"] }
  within_network = var.as_found ? null : { StringEquals = { "aws:SourceVpc" = [var.vpc_id] } }

  # The pipeline's rights: Terraform's state and its lock.
  state_access = [
    {
      sid       = "TerraformStateAccess"
      actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"]
      resources = ["{{buckets.terraform_state.arn}}", "{{buckets.terraform_state.arn}}/*"]
    },
    {
      sid       = "TerraformStateLocking"
      actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"]
      resources = ["{{tables.locks.arn}}"]
    },
  ]
  # What somebody added in the console until it worked.
  by_hand = [
    { sid = "ECSManagement", actions = ["ecs:*"], resources = ["*"] },
    { sid = "ECRManagement", actions = ["ecr:*"], resources = ["*"] },
  ]

  # Backend and worker run the same image, in the same network, with the same settings.
  service = {
    cluster         = "main"
    image           = var.image
    execution_role  = "execution"
    subnets         = var.private_subnets
    security_groups = ["tasks"]
    circuit_breaker = var.as_found ? null : { enable = true, rollback = true }
    execute_command = var.as_found ? null : true
    secret_env      = { DATABASE_URL = "database_url" }
    env = {
      AWS_REGION            = var.region
      ENVIRONMENT           = "production"
      PREDICTIONS_QUEUE_URL = "{{queues.predictions.url}}"
    }
  }

  alarms = {
    backend_cpu     = { preset = "service_cpu", service = "backend" }
    backend_memory  = { preset = "service_memory", service = "backend", threshold = 85 }
    worker_cpu      = { preset = "service_cpu", service = "worker" }
    worker_memory   = { preset = "service_memory", service = "worker", threshold = 85 }
    queue_depth     = { preset = "queue_depth", queue = "predictions", treat_missing_data = "notBreaching" }
    queue_age       = { preset = "queue_age", queue = "predictions" }
    dlq             = { preset = "dead_letters", queue = "dlq", statistic = "Sum", evaluation_periods = 1, treat_missing_data = "notBreaching" }
    alb_5xx         = { preset = "target_5xx", load_balancer = "main", treat_missing_data = "notBreaching" }
    alb_latency     = { preset = "target_latency", load_balancer = "main", threshold = 2.5 }
    unhealthy_hosts = { preset = "unhealthy_hosts", target_group = "backend" }
    db_cpu          = { preset = "database_cpu", db_instance = "main" }
    db_storage      = { preset = "database_storage", db_instance = "main" }
    db_connections  = { preset = "database_connections", db_instance = "main" }
  }
}
