"""Stages, runner and reuse of a campaign."""
