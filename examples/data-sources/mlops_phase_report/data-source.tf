data "mlops_phase_report" "rollout" {
  store = "gs://my-project-terraform-state/checkpoints"
}

output "progress" {
  value = "${data.mlops_phase_report.rollout.progress} %, next: ${join(", ", data.mlops_phase_report.rollout.next_phases)}"
}

# A picture for the wiki.
output "timeline" {
  value = data.mlops_phase_report.rollout.svg
}

# Alerts notify nobody until phase 5-6 is completed. A phase that is not there yet counts as not completed.
locals {
  alerts_are_tuned = try(data.mlops_phase_report.rollout.phases["5-6"].status, "") == "completed"
}
