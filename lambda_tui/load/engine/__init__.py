"""What runs in the load engine's process: it knows its plan, and nothing of runs, bills or history."""
