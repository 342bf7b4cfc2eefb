"""Configurations in the field's file formats."""
