"""Functions: their code, settings, variables and runtimes."""
