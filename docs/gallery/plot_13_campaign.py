"""
From a campaign to pandas and OVITO
===================================

A small campaign is run first, as the command line would, so that there is something to open: put
the folder of your own in its place, finished or not.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp()) / "small"
words = ["run", "small_campaign.toml", "--dir", str(folder)]
program = [sys.executable, "-m", "glasswells"]
done = subprocess.run([*program, *words], capture_output=True, text=True, check=True)
print(done.stdout.splitlines()[-1])

# %%
# The script: a table of all double wells, their splittings against their distances, and the files
# of the lowest two-level system. So small a campaign has none; the double well of the smallest
# splitting takes its place.

import matplotlib.pyplot as plt

import glasswells as gw

campaign = gw.open_campaign(folder)
wells = campaign.double_wells  # a pandas DataFrame, one row for each
axes = wells.plot.scatter(x="distance", y="splitting_argon", logy=True)
axes.set(xlabel="d / sigma", ylabel="E / epsilon (argon)")
plt.show()
systems = campaign.two_level_systems  # the same columns, lowest first
lowest = [*systems["key"], *wells.sort_values("splitting_argon")["key"]][0]
files = gw.extract_double_well(campaign, lowest, folder / "lowest")
print(*(path.name for path in files))

# %%
# What the columns are, with units, comes from the code:

for name, unit, meaning in campaign.column_guide[:12]:
    print(f"{name:22s} {unit:12s} {meaning}")

# %%
# Its report is one page that works offline: `this one <../sample_report/index.html>`_ of this small
# campaign lies beside these pages.

sample = Path("..") / "sample" / "sample_report"
words = ["report", str(folder), "--output", str(sample)]
subprocess.run([*program, *words], capture_output=True, check=True)
print(sorted(path.name for path in sample.iterdir()))

# %%
# The files open in OVITO (*File, Load File*, then the modifier *Vector display* for the arrows) and
# are read by ASE, LAMMPS and this package, to the last bit of each coordinate:

again = gw.read_configuration(folder / "lowest" / "a.xyz")
minimum = campaign[lowest].double_well.minimum_a
print("largest difference:", abs(again.positions - minimum.positions).max())
