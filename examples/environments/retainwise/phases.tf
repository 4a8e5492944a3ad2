# An environment on AWS: its phases are kept in S3, beside Terraform's state. Phase 3.5 turns what was made by hand into
# code, in eight stages over five days. Whoever finishes something sets `done = true` and applies.

variable "store" {
  description = "Where the phases are kept: an existing bucket, or a folder (file:///FOLDER)."
  type        = string
  default     = "s3://retainwise-terraform-state-prod/checkpoints?region=us-east-1"
}

variable "state" {
  description = "The bucket with Terraform's state, which the criteria look at."
  type        = string
  default     = "s3://retainwise-terraform-state-prod?region=us-east-1"
}

resource "mlops_phase_checkpoint" "hardening" {
  store        = var.store
  project_name = "RetainWise Analytics"
  phase        = "3.5"
  title        = "Infrastructure hardening"
  status       = "ready"
  schedule     = "From November 26, 2025"
  estimate     = "3-5 days (20-30 hours)"
  priority     = "HIGH"

  objectives = [
    "No technical debt: policies and task definitions made by hand are gone",
    "A team can work on it: the state is in S3, with a lock",
    "It can be made anew: recovering from a disaster is an apply",
    "It is safer: roles of its own for everything, endpoints within the network, no right too many",
    "What comes next is faster: infrastructure changes by code review",
  ]

  steps = [
    {
      name      = "A foundation for the state"
      estimate  = "Day 1, 4 hours"
      objective = "Keep Terraform's state in S3, locked in DynamoDB"
      tasks = [
        { name = "Create the bucket: versioned, encrypted, not public" },
        { name = "Create the table of locks" },
        { name = "Configure the backend" },
        { name = "Initialize Terraform with it" },
      ]
    },
    {
      name      = "Import of what exists"
      estimate  = "Day 1-2, 8 hours"
      objective = "Bring everything that was made by hand into the state"
      tasks = [
        { name = "Roles and policies" },
        { name = "Queues" },
        { name = "Write down the revisions of task definitions; they are not imported" },
        { name = "Buckets" },
        { name = "Image repositories" },
        { name = "Reach a plan without changes" },
      ]
    },
    {
      name      = "What code does not describe yet"
      estimate  = "Day 2, 4 hours"
      objective = "Describe all of the infrastructure"
      tasks = [
        { name = "Roles of tasks" },
        { name = "Task definitions that use them" },
        { name = "An endpoint for SQS within the network" },
        { name = "Conditions on the network in the policies" },
      ]
    },
    {
      name      = "Rights of the pipeline"
      estimate  = "Day 2-3, 4 hours"
      objective = "Let GitHub Actions run Terraform"
      tasks = [
        { name = "Write the policy" },
        { name = "Apply it by hand, once" },
      ]
    },
    {
      name      = "Terraform in the pipeline"
      estimate  = "Day 3, 2 hours"
      objective = "Plan on pull requests, apply on main"
      tasks = [
        { name = "Switch the steps of the workflow on again" },
        { name = "Check the format before every commit" },
        { name = "Try it with a small change" },
      ]
    },
    {
      name      = "Deployment of the worker"
      estimate  = "Day 3-4, 3 hours"
      objective = "Deploy the worker with every change, as the backend is"
      tasks = [
        { name = "Register its task definition and update the service" },
        { name = "Wait until it is stable" },
      ]
    },
    {
      name      = "Documentation and cleaning up"
      estimate  = "Day 4-5, 4 hours"
      objective = "Write down how it works, and remove what is left of the work by hand"
      tasks = [
        { name = "Describe the infrastructure" },
        { name = "Bring the master plan up to date" },
        { name = "Remove temporary policies and scripts" },
        { name = "Write the runbook" },
      ]
    },
    {
      name     = "Tests of everything"
      estimate = "Day 5, 3 hours"
      tasks = [
        { name = "Infrastructure: a plan shows no changes" },
        { name = "Deployment: a small commit reaches backend and worker" },
        { name = "Function: a file that is uploaded becomes a prediction" },
        { name = "Disaster: an older state is restored from S3" },
      ]
    },
  ]

  checklists = [
    {
      title = "Day 1: Foundation"
      items = [
        { name = "State bucket" },
        { name = "Table of locks" },
        { name = "Backend configured" },
        { name = "Terraform initialized with it" },
        { name = "Roles and policies imported" },
        { name = "Queues imported" },
      ]
    },
    {
      title = "Day 2: Resources"
      items = [
        { name = "Roles described" },
        { name = "The rest imported" },
        { name = "A plan without changes" },
        { name = "Endpoint for SQS" },
        { name = "Policies with conditions on the network" },
      ]
    },
    {
      title = "Day 3: CI/CD"
      items = [
        { name = "Policy of the pipeline" },
        { name = "Rights applied" },
        { name = "Terraform in GitHub Actions" },
        { name = "Pipeline tried" },
        { name = "Worker deployed by it" },
      ]
    },
    {
      title = "Day 4: Testing"
      items = [
        { name = "A deployment from end to end" },
        { name = "Infrastructure verified" },
        { name = "Disaster recovery" },
        { name = "Performance" },
      ]
    },
    {
      title = "Day 5: Documentation"
      items = [
        { name = "README of the infrastructure" },
        { name = "Runbook" },
        { name = "Master plan" },
        { name = "Nothing temporary left" },
        { name = "Last review" },
      ]
    },
  ]

  criteria = {
    state_is_there     = { object_exists = { url = replace(var.state, "?", "/prod/terraform.tfstate?") } }
    state_is_versioned = { bucket_versioned = { url = var.state } }
    nothing_to_change  = { stack_in_sync = { stack = mlops_aws_stack.retainwise.id, fingerprint = mlops_aws_stack.retainwise.fingerprint } }
    alarms_tell        = { alert_policies = { stack = mlops_aws_stack.retainwise.id, state = "enabled" } }
    pipeline_runs      = { manual = { approved_by = "operations", note = "Terraform and the worker are deployed by the pipeline" } }
    nothing_by_hand    = { manual = { approved_by = "operations", note = "Nobody needed the console for a week" } }
    team_is_trained    = { manual = { approved_by = "team lead" } }
  }

  issues = [
    { severity = "HIGH", title = "Resources are managed by hand, in the console", status = "open" },
    { severity = "HIGH", title = "Terraform has no shared state", status = "open" },
    { severity = "MEDIUM", title = "Terraform is switched off in the pipeline", status = "open" },
    { severity = "LOW", title = "Predictions cannot be downloaded: the worker does not store their key", status = "open" },
  ]

  metrics = {
    "Time to deploy"         = "less than 10 minutes"
    "Time to roll back"      = "less than 5 minutes"
    "Drift"                  = "0 %"
    "Documentation coverage" = "100 %"
  }

  next_steps = ["Create the state bucket and the table of locks", "Configure the backend"]
  commands = [
    { name = "Initialize with the new backend", command = "cd infra\nterraform init -reconfigure" },
  ]
  verification = [
    { name = "The state is in S3", command = "aws s3 ls s3://retainwise-terraform-state-prod/prod/", expected = "terraform.tfstate" },
    { name = "Nothing to change", command = "terraform plan", expected = "No changes." },
  ]
}

resource "mlops_phase_checkpoint" "insights" {
  store             = var.store
  phase             = "4"
  title             = "Visualizations and insights"
  depends_on_phases = [mlops_phase_checkpoint.hardening.phase]

  steps = [
    { name = "Charts of customer segments" },
    { name = "Trends of churn predictions" },
    { name = "Metrics of the model" },
    { name = "A dashboard in real time" },
  ]
}

resource "mlops_phase_checkpoint" "advanced" {
  store             = var.store
  phase             = "5"
  title             = "Advanced features"
  depends_on_phases = [mlops_phase_checkpoint.insights.phase]

  steps = [
    { name = "A framework for A/B tests" },
    { name = "A pipeline that trains models anew" },
    { name = "Several models at once" },
    { name = "Deeper analytics" },
  ]
}

data "mlops_phase_report" "rollout" {
  store = var.store
  depends_on = [
    mlops_phase_checkpoint.hardening,
    mlops_phase_checkpoint.insights,
    mlops_phase_checkpoint.advanced,
  ]
}

output "progress" {
  description = "How far the rollout is, in percent."
  value       = data.mlops_phase_report.rollout.progress
}
