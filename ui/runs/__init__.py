"""대화 검토: any past turn with everything that happened, and the same turn today."""
