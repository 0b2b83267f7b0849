"""A run as measured: its record and target, document, CSV, ranking of several, comparison of two."""
