"""The parts of the window: they show models and tell what the user wants, and do nothing else."""
