"""Minimum energy paths between inherent structures."""
