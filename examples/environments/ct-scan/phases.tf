# The rollout of the environment, in eight phases. What is proved, the provider proves itself: it checks a phase's criteria
# when the phase is completed, and keeps what it saw. The store also holds the rollout as pages for people.

variable "store" {
  description = "Where the phases are kept. Terraform's own bucket when nothing is said; another bucket has to be there, or a folder: file:///FOLDER."
  type        = string
  default     = null
}

# What was so when this plan was made. The stack follows the phases, and the phases prove the stack: only a look at the
# store keeps them out of each other's way.
data "mlops_phase_report" "so_far" {
  store = local.store
}

locals {
  store = coalesce(var.store, "gs://dtu-mlops-terraform-state-${var.suffix}/checkpoints")

  # The alerts of less urgency run when phase 5-6 has begun, and notify somebody when it is completed.
  trial           = try(data.mlops_phase_report.so_far.phases["5-6"], null)
  alerts_deployed = try(local.trial.started_at, null) != null
  alerts_tuned    = try(local.trial.status, null) == "completed"
}

resource "mlops_phase_checkpoint" "foundation" {
  store        = local.store
  project_name = "CT Scan MLOps infrastructure as code"
  phase        = "1"
  title        = "Terraform foundation"
  status       = "completed"
  schedule     = "Week 1"
  started_at   = "2026-02-02"
  completed_at = "2026-02-02"

  # The first phase comes after the stack, and the others after the first: they may be kept in a bucket of the stack.
  depends_on = [mlops_stack.ct_scan]

  objectives = ["Describe everything that runs for the CT-scan API as code, before touching any of it"]
  steps = [
    { name = "Lay out the directories", done = true },
    { name = "Write the nine modules", done = true },
    { name = "Configure production, staging and development", done = true },
    { name = "Script the import", done = true },
    { name = "Add the Invoke tasks", done = true },
    { name = "Write the guides", done = true },
    { name = "Write the alert policies and their runbooks", done = true },
  ]
  issues = [
    { severity = "CRITICAL", title = "Staging and development had no configuration", status = "fixed", fix = "Both are written" },
    { severity = "CRITICAL", title = "Roles in production were left to chance", status = "fixed", fix = "Each is granted by name" },
    { severity = "CRITICAL", title = "drift_logs could be destroyed with its objects", status = "fixed", fix = "`force_destroy = false`" },
    { severity = "CRITICAL", title = "pubsub_topic_name had no default", status = "fixed", fix = "It has one" },
    { severity = "CRITICAL", title = "Alerts could be made before the service they watch", status = "fixed", fix = "They depend on it" },
    { severity = "CRITICAL", title = "Destroying the stack deleted the feedback", status = "fixed", fix = "`deletion_policy = \"ABANDON\"` on Firestore" },
    { severity = "CRITICAL", title = "State and variables could be committed", status = "fixed", fix = "A .gitignore" },
  ]
  deliverables = [
    "Nine modules: storage, registry, Cloud Run, secrets, IAM, workload identity, Firestore, budget, monitoring",
    "Three environments: production, staging, development",
    "An import script of 191 lines",
    "13 Invoke tasks",
    "Guides for setup, migration and operations, and six runbooks for alerts",
    "Earlier warnings: memory at 85 %, a quarter of the budget",
    "Five minutes of patience for a locked state",
  ]
  metrics = {
    "Modules"                = "9"
    "Environments"           = "3"
    "Files"                  = "53"
    "Lines of Terraform"     = "2,263"
    "Lines of documentation" = "2,484"
    "Review"                 = "A, after seven critical fixes in 1.5 hours"
  }
}

resource "mlops_phase_checkpoint" "import" {
  store             = local.store
  phase             = "2"
  title             = "Import of what exists"
  status            = "completed"
  schedule          = "Week 2"
  depends_on_phases = [mlops_phase_checkpoint.foundation.phase]
  started_at        = "2026-02-02"
  completed_at      = "2026-02-05"

  steps = [
    { name = "Create the bucket for Terraform's state", done = true },
    { name = "Look up the project's number", done = true },
    { name = "Fill in `terraform.tfvars`", done = true },
    { name = "Initialize Terraform", done = true },
    { name = "Import the 52 objects and grants", done = true },
    { name = "Settle the seven issues of the import", done = true },
    { name = "Reach a plan without changes", done = true },
  ]
  criteria = {
    no_changes = { stack_in_sync = { stack = mlops_stack.ct_scan.id, fingerprint = mlops_stack.ct_scan.fingerprint } }
    versioned  = { bucket_versioned = { url = mlops_stack.ct_scan.buckets["terraform_state"].url } }
  }
  issues = [
    { severity = "CRITICAL", title = "The models bucket is in another location than the rest", status = "fixed", fix = "A location of its own" },
    { severity = "CRITICAL", title = "Cloud Run differed in environment, account and scaling", status = "fixed", fix = "Written as the service is" },
    { severity = "HIGH", title = "`older_than` was in days, the registry wants seconds", status = "fixed", fix = "Seconds" },
    { severity = "HIGH", title = "409: the state bucket was there already", status = "fixed", fix = "Imported" },
    { severity = "HIGH", title = "Six runbooks that alerts refer to were missing", status = "fixed", fix = "Written" },
    { severity = "MEDIUM", title = "The Firestore API was off", status = "fixed", fix = "Switched on" },
    { severity = "MEDIUM", title = "Calls for the budget had no quota project", status = "fixed", fix = "Set" },
  ]
  deliverables = [
    "All 52 objects and grants in Terraform's state",
    "A plan without changes",
    "No interruption of the service",
  ]
  metrics = { "Objects and grants" = "52", "Issues settled" = "7 of 7" }
  risks = [
    { risk = "Many small differences after the import", probability = "High", impact = "Medium", mitigation = "Settle them one by one; the configuration follows the cloud" },
    { risk = "An object is deleted by mistake", probability = "Medium", impact = "Critical", mitigation = "Import first, create nothing anew" },
    { risk = "The service is interrupted", probability = "Low", impact = "High", mitigation = "An import changes nothing" },
    { risk = "The state is lost", probability = "Low", impact = "High", mitigation = "The bucket keeps ten versions" },
  ]
  verification = [{
    name     = "Nothing to change"
    command  = "terraform plan -var-file=prod.tfvars"
    expected = "No changes. Your infrastructure matches the configuration."
  }]
}

resource "mlops_phase_checkpoint" "validation" {
  store             = local.store
  phase             = "3"
  title             = "Validation"
  status            = "ready"
  schedule          = "Week 3"
  depends_on_phases = [mlops_phase_checkpoint.import.phase]

  objectives = ["Prove that a change reaches the cloud, disturbs nobody, and can be taken back"]
  steps = [
    { name = "Add a label and apply" },
    { name = "Watch the service for ten minutes" },
    { name = "Take the label away and apply" },
    { name = "Walk through the way back to an earlier revision" },
  ]
  criteria = {
    as_before  = { stack_in_sync = { stack = mlops_stack.ct_scan.id, fingerprint = mlops_stack.ct_scan.fingerprint } }
    healthy    = { http = { url = "${mlops_stack.ct_scan.services["api"].url}/health", status = 200 } }
    taken_back = { manual = { approved_by = "operations", note = "The label came and went; nobody noticed" } }
  }
  next_steps = ["Add a label to the stack", "Apply", "Watch the service", "Take the label away", "Apply"]
  commands = [
    { name = "What would change", command = "terraform plan -var-file=prod.tfvars" },
    { name = "Change it", command = "terraform apply -var-file=prod.tfvars" },
  ]
  verification = [{
    name     = "The service answers"
    command  = "curl -s -o /dev/null -w '%%{http_code}' \"$(terraform output -raw api_url)/health\""
    expected = "200"
  }]
  risks = [{ risk = "The change starts a new revision", probability = "Low", impact = "Medium", mitigation = "A label of the stack makes none" }]
}

resource "mlops_phase_checkpoint" "delivery" {
  store             = local.store
  phase             = "4"
  title             = "CI/CD, and feedback in Firestore"
  status            = "not_started"
  schedule          = "Week 4"
  depends_on_phases = [mlops_phase_checkpoint.validation.phase]

  steps = [
    { name = "Plan on pull requests, apply on main" },
    { name = "Move the feedback from SQLite to Firestore" },
    { name = "Use the Firestore adapter in the API" },
    { name = "Deploy the endpoints for monitoring" },
  ]
  criteria = {
    healthy  = { http = { url = "${mlops_stack.ct_scan.services["api"].url}/health" } }
    migrated = { manual = { approved_by = "ML team", note = "Counts in SQLite and Firestore agree" } }
  }
}

resource "mlops_phase_checkpoint" "shadow_monitoring" {
  store             = local.store
  phase             = "5-6"
  title             = "Monitoring in shadow mode"
  status            = "not_started"
  schedule          = "Weeks 5-6"
  depends_on_phases = [mlops_phase_checkpoint.delivery.phase]

  steps = [
    { name = "Deploy the P0 alerts, notifying" },
    { name = "Deploy the P1 and P2 alerts, notifying nobody", objective = "The apply after the one that sets `in_progress` does it" },
    { name = "Read for a week what would have fired" },
    { name = "Tune thresholds to less than 2 % false positives" },
  ]
  criteria = {
    urgent_ones_notify = { alert_policies = { stack = mlops_stack.ct_scan.id, severities = ["P0"], state = "enabled" } }
    others_are_silent  = { alert_policies = { stack = mlops_stack.ct_scan.id, severities = ["P1", "P2"], state = "shadow" } }
    tuned              = { manual = { approved_by = "operations", note = "Less than 2 % false positives in a week" } }
  }
  risks = [{ risk = "False alarms", probability = "High", impact = "Low", mitigation = "A week in shadow mode" }]
}

resource "mlops_phase_checkpoint" "monitoring" {
  store             = local.store
  phase             = "7"
  title             = "Monitoring in production"
  status            = "not_started"
  schedule          = "Week 7"
  depends_on_phases = [mlops_phase_checkpoint.shadow_monitoring.phase]

  steps = [
    { name = "Let the P1 and P2 alerts notify", objective = "The apply after phase 5-6 is completed does it" },
    { name = "Test every notification channel" },
    { name = "Break something on purpose" },
    { name = "Follow the runbooks in earnest" },
  ]
  criteria = {
    all_notify = { alert_policies = { stack = mlops_stack.ct_scan.id, state = "enabled" } }
    rehearsed  = { manual = { approved_by = "operations", note = "Every runbook was followed once" } }
  }
}

resource "mlops_phase_checkpoint" "finalization" {
  store             = local.store
  phase             = "8"
  title             = "Finalization"
  status            = "not_started"
  schedule          = "Week 8"
  depends_on_phases = [mlops_phase_checkpoint.monitoring.phase]

  objectives = [
    "A problem of urgency P0 is noticed within five minutes",
    "The team runs the environment without help",
    "The environment can be made anew from code",
  ]
  steps = [
    { name = "Review all thresholds with data of production" },
    { name = "Complete the runbooks with real incidents" },
    { name = "Train the team" },
    { name = "Back up the state on a schedule" },
    { name = "Describe how to recover from a disaster" },
  ]
  criteria = {
    no_changes = { stack_in_sync = { stack = mlops_stack.ct_scan.id, fingerprint = mlops_stack.ct_scan.fingerprint } }
    trained    = { manual = { approved_by = "operations", note = "Everybody has applied a change of their own" } }
  }
}

# The same store once more, with what this apply has written.
data "mlops_phase_report" "now" {
  store = local.store
  depends_on = [
    mlops_phase_checkpoint.foundation,
    mlops_phase_checkpoint.import,
    mlops_phase_checkpoint.validation,
    mlops_phase_checkpoint.delivery,
    mlops_phase_checkpoint.shadow_monitoring,
    mlops_phase_checkpoint.monitoring,
    mlops_phase_checkpoint.finalization,
  ]
}

output "rollout" {
  description = "How far the rollout is. The store has it in full: PHASE_CHECKPOINT.md, and SESSION_RESUME.md for going on."
  value       = "${data.mlops_phase_report.now.progress} %, current phase: ${coalesce(data.mlops_phase_report.now.current_phase, "none")}"
}
