resource "mlops_aws_stack" "prod" {
  name   = "churn"
  region = "eu-west-1"
  tags   = { Environment = "prod", Team = "data" }

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

  repositories = {
    api = {
      name            = "churn-api"
      scan_on_push    = true
      lifecycle_rules = [{ description = "Keep the last 10 images", tag_status = "any", count_more_than = 10 }]
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
      subnets        = ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"]
      scaling        = { min = 1, max = 4, cpu_utilization = 60 }
    }
  }

  log_groups = {
    api    = { name = "/ecs/churn-api", retention_in_days = 30 }
    worker = { name = "/ecs/churn-worker", retention_in_days = 30 }
  }
}
