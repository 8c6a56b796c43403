"""The panels of the main screen: each draws lines from the view state and nothing else."""
