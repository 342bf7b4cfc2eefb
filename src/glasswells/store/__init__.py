"""A campaign on the disk: its tasks and what came of them, and what is done about damage."""
