# PROJECT/REGION/NAME: everything of the supported kinds in the project and region, or what carries this stack's label.
terraform import mlops_stack.prod my-project/europe-west1/churn

# Only some of it, with what it uses (service account, bucket, registry, alerts and their channels).
terraform import mlops_stack.prod 'my-project/europe-west1/churn?services=churn-*&buckets=my-project-churn-models'
