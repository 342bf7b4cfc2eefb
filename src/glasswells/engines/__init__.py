"""Where tasks run: processes of this machine, dask, Slurm; what they compute is not known here."""
