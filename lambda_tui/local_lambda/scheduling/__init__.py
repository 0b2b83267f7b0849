"""Which environment serves an invocation, how many there may be, and events."""
