"""A whole campaign of the real stages in seconds: one glass of 150 particles."""

SMALL_PLAN = """
[campaign]
name = "small"
seed = 3
[glasses]
preparation_temperatures = [0.1]
[prepare]
n_particles = 150
melt_sweeps = 200
burn_in = 50
sweeps = 1500
chunk_sweeps = 500
[explore]
exploration_temperature = 0.05
trajectories = 2
quenches = 40
chunk_quenches = 20
[pairs]
min_transitions = 2
[modes]
images = [6, 9]
"""
