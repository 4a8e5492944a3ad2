locals {
  checkpoint = provider::mlops::parse_phase_checkpoint(file("${path.module}/PHASE_CHECKPOINT.md"))
}

output "open_issues" {
  value = flatten([for phase in local.checkpoint.phases : [for issue in phase.issues : issue.title if issue.status != "fixed"]])
}

output "not_understood" {
  value = [for left in local.checkpoint.unrecognized : "line ${left.line}: ${left.text}"]
}
