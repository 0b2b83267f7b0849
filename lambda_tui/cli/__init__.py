"""The command line."""

DEBUG_OPTION = "--debug"
