"""A campaign as files that any program reads."""
