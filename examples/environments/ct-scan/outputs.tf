output "api_url" {
  description = "Where predictions are served."
  value       = mlops_stack.ct_scan.services["api"].url
}

output "inventory" {
  description = "Every object and grant of the environment."
  value       = mlops_stack.ct_scan.inventory
}
