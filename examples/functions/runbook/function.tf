# Markdown, for a wiki or a repository.
output "runbook" {
  value = provider::mlops::runbook("high_error_rate")
}
