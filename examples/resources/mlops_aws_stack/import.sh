# ACCOUNT/REGION/NAME: everything of the supported kinds in the region, or what carries this stack's tag.
terraform import mlops_aws_stack.prod 123456789012/eu-west-1/churn

# Only some of it, with what it uses.
terraform import mlops_aws_stack.prod '123456789012/eu-west-1/churn?queues=churn-*&tables=churn-locks'
