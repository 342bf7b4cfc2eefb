"""Normal modes, nonlinear modes and their overlaps with displacement fields."""
