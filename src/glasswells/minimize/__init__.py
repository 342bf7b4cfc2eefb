"""Quench to an inherent structure."""
