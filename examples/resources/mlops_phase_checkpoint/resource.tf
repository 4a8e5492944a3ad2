locals {
  checkpoints = "gs://my-project-terraform-state/checkpoints"
}

resource "mlops_phase_checkpoint" "foundation" {
  store        = local.checkpoints
  project_name = "Churn predictions as code"
  phase        = "1"
  title        = "Foundation"
  status       = "completed"
  started_at   = "2026-02-02"
  completed_at = "2026-02-02"
  deliverables = ["The whole environment in one stack", "A runbook for every alert"]
  metrics      = { "Lines of Terraform" = "248" }
}

resource "mlops_phase_checkpoint" "import" {
  store             = local.checkpoints
  phase             = "2"
  title             = "Import what exists"
  status            = "in_progress" # completed, when all is done
  depends_on_phases = [mlops_phase_checkpoint.foundation.phase]

  steps = [
    { name = "Create the state bucket", done = true },
    { name = "Import the environment", done = true },
    { name = "Reach a plan without changes" },
  ]

  # Checked by the provider when the status becomes completed.
  criteria = {
    no_changes = { stack_in_sync = { stack = mlops_stack.prod.id, fingerprint = mlops_stack.prod.fingerprint } }
    healthy    = { http = { url = "${mlops_stack.prod.services["api"].url}/health" } }
    versioned  = { bucket_versioned = { url = mlops_stack.prod.buckets["models"].url } }
    rehearsed  = { manual = { approved_by = "ops lead", note = "dry run held on Monday" } }
  }

  issues = [
    { severity = "CRITICAL", title = "Models bucket in another region", status = "fixed", fix = "location on the bucket" },
  ]
  risks = [
    { risk = "State file lost", probability = "Low", mitigation = "The bucket keeps old versions" },
  ]
  next_steps   = ["Add a label to the stack and apply", "Take it away again"]
  verification = [{ name = "Nothing to change", command = "terraform plan", expected = "No changes." }]
}
