"""One module per command; click runs `command` in each."""
