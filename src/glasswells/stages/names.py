"""Names that are needed where the stages themselves are not: importing these takes a second."""

PIPELINE_NAME = "glasswells"
"""Of the pipeline that `glasswells run` runs."""
