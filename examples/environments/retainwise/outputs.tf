output "address" {
  description = "What the domain of the API points to."
  value       = mlops_aws_stack.retainwise.load_balancers["main"].dns_name
}

output "queue" {
  description = "Where predictions are asked for."
  value       = mlops_aws_stack.retainwise.queues["predictions"].url
}
