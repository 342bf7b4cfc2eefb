"""Nouns, outcomes, checks, periodic geometry, the compiler decorator: what every room uses."""
