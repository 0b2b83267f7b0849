"""What contains a function: limits, a private view of the file system, and cleanup."""
