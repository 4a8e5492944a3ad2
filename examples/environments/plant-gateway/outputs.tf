output "address" {
  description = "What the domains point to."
  value       = mlops_stack.plant.load_balancers["plant"].addresses["public"].ip_address
}

output "gateway_url" {
  description = "Where the gateway would be reached without the load balancer."
  value       = mlops_stack.plant.services["gateway"].url
}
