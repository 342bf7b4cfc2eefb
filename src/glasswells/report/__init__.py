"""Records in, pictures and one self-contained HTML page out; the only room that draws."""

from glasswells.content.campaign import campaign_content
from glasswells.content.records import (
    ExplorationContent,
    Failure,
    GlassContent,
    Preparation,
    ReportContent,
    ShownWell,
    StageCost,
    choose_wells,
)
from glasswells.content.several import together
from glasswells.content.vibrations import ShownSpectrum, ShownVibrations, VibrationContent
from glasswells.report.page import write_report

__all__ = [
    "ExplorationContent",
    "Failure",
    "GlassContent",
    "Preparation",
    "ReportContent",
    "ShownSpectrum",
    "ShownVibrations",
    "ShownWell",
    "StageCost",
    "VibrationContent",
    "campaign_content",
    "choose_wells",
    "together",
    "write_report",
]
