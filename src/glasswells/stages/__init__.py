"""The pipeline's stages, one file each: physics in `run_*`, bookkeeping in `follow_*`."""
