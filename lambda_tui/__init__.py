"""lambda-tui: a terminal explorer of what concurrency costs on AWS Lambda."""

__version__ = "0.1.0"
