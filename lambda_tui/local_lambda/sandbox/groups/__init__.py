"""The ways in which a host holds the processes of an environment together."""
