# The rollout as far as it is. What the session notes left to be verified by hand are criteria here: the provider checks them
# when a phase is completed, and keeps what it saw.

variable "store" {
  description = "Where the phases are kept. The stack's own bucket when nothing is said."
  type        = string
  default     = null
}

locals {
  store = coalesce(var.store, "${mlops_stack.plant.buckets["checkpoints"].url}/rollout")
  api   = "https://api.plant.example.com"
}

resource "mlops_phase_checkpoint" "database" {
  store        = local.store
  project_name = "Plant Gateway"
  phase        = "1"
  title        = "Audit logs in the database"
  status       = "completed"
  started_at   = "2026-01-17"
  completed_at = "2026-01-17"
  steps = [
    { name = "Write the migration `007_gateway_audit_logs`: 25 columns, 12 indexes, 4 policies", done = true },
    { name = "Keep the logs for 90 days", done = true },
    { name = "Chain it to the other migrations", done = true },
    { name = "Run it", done = true },
  ]
  deliverables = ["The table `gateway_audit_logs`"]
}

resource "mlops_phase_checkpoint" "images" {
  store             = local.store
  phase             = "2"
  title             = "Images of all six services"
  status            = "completed"
  started_at        = "2026-01-17"
  completed_at      = "2026-01-17"
  depends_on_phases = [mlops_phase_checkpoint.database.phase]
  steps = [
    { name = "Detect the gateway's Dockerfile in the workflow", done = true },
    { name = "Build and push six images", done = true },
  ]
  metrics = { "Images" = "6", "The gateway's" = "270 MB", "Duration" = "12 minutes" }
}

resource "mlops_phase_checkpoint" "configuration" {
  store             = local.store
  phase             = "3"
  title             = "The gateway in Terraform"
  status            = "completed"
  started_at        = "2026-01-17"
  completed_at      = "2026-01-17"
  depends_on_phases = [mlops_phase_checkpoint.images.phase]
  steps = [
    { name = "Describe the gateway, its secrets and its variables", done = true },
    { name = "Describe the database, the network and the cache", done = true },
    { name = "Format the files", done = true },
  ]
  criteria = {
    deployed = { stack_in_sync = { stack = mlops_stack.plant.id, fingerprint = mlops_stack.plant.fingerprint } }
  }
  issues = [
    { severity = "MEDIUM", title = "`terraform fmt -check` failed twice", status = "fixed", fix = "A hook before each commit" },
    { severity = "MEDIUM", title = "REDIS_HOST was an address that nobody had", status = "fixed", fix = "The cache is part of the stack" },
    { severity = "HIGH", title = "The apply waited 40 minutes for a runner", status = "fixed", fix = "Applied again, outside of peak hours" },
  ]
}

resource "mlops_phase_checkpoint" "load_balancer" {
  store             = local.store
  phase             = "4"
  title             = "Load balancer"
  status            = "ready"
  depends_on_phases = [mlops_phase_checkpoint.configuration.phase]
  steps = [
    { name = "Point the domains to the load balancer's address" },
    { name = "Wait for the certificate" },
    { name = "Send all calls of the API to the gateway" },
  ]
  criteria = {
    encrypted       = { http = { url = "${local.api}/health" } }
    backend_is_shut = { http = { url = "${mlops_stack.plant.services["backend"].url}/health", status = 404 } }
  }
  verification = [{
    name     = "The domains lead to the load balancer"
    command  = "dig +short api.plant.example.com"
    expected = "The output `address`"
  }]
  risks = [{ risk = "The certificate takes hours", probability = "Medium", impact = "Low", mitigation = "The old address goes on serving" }]
}

resource "mlops_phase_checkpoint" "verification" {
  store             = local.store
  phase             = "5"
  title             = "Verification"
  status            = "not_started"
  depends_on_phases = [mlops_phase_checkpoint.load_balancer.phase]
  steps = [
    { name = "The gateway is deployed" },
    { name = "It answers at its health endpoint" },
    { name = "It reaches the backend" },
    { name = "OPA decides" },
    { name = "Decisions are written to the audit logs" },
  ]
  criteria = {
    deployed        = { stack_in_sync = { stack = mlops_stack.plant.id, fingerprint = mlops_stack.plant.fingerprint } }
    healthy         = { http = { url = "${local.api}/health" } }
    reaches_backend = { http = { url = "${local.api}/api/v1/health", body_pattern = "plant-backend" } }
    opa_denies      = { http = { url = "${local.api}/api/v1/agents", status = 403 } }
    audited         = { manual = { approved_by = "Platform team", note = "The denied call stands in gateway_audit_logs" } }
    alerts_notify   = { alert_policies = { stack = mlops_stack.plant.id, state = "enabled" } }
  }
}
