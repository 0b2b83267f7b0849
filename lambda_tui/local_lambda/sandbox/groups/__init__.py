"""The ways in which a host groups and limits the processes of an environment."""
