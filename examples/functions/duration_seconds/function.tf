# 7776000
output "ninety_days" {
  value = provider::mlops::duration_seconds("90d")
}
