"""The Lambda API: its operations and their validation."""
