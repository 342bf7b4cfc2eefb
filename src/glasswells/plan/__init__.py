"""The plan of a campaign: its sections, their limits, and what is wrong with one."""
