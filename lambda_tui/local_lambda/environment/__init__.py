"""One execution environment: its runtime, INIT, invocations, REPORT."""
