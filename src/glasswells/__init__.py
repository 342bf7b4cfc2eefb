"""Tunneling two-level systems in computer glasses, and their relation to soft vibrations."""
