"""Distributions and densities over records, with error bars."""
