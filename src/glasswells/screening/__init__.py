"""Screening: which pairs to follow next, learned from those that were followed before."""
