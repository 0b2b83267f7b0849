"""One module a command; `command` in each is what click runs."""
