"""What holds a function: limits, its own view of the file system, and that it ends."""
