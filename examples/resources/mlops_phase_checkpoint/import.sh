# STORE#PHASE
terraform import mlops_phase_checkpoint.import 'gs://my-project-terraform-state/checkpoints#2'

# A checkpoint that a person wrote. Set `store` to a place of its own to go on from it.
terraform import mlops_phase_checkpoint.import "file://$PWD/PHASE_CHECKPOINT.md#2"
