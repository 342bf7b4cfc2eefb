"""Exploring a glass: inherent structures, transitions, pairs."""
