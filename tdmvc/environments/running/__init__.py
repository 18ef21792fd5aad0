"""What a run does: it provides an environment, runs the command, and removes what it started."""
