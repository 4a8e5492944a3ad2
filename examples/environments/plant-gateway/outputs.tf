output "gateway_url" {
  description = "Where the outside world calls."
  value       = mlops_stack.plant.services["gateway"].url
}
