"""The load engine's process: it knows its plan, and nothing about runs, bills or history."""
