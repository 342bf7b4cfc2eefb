"""Records in, pictures and one self-contained HTML page out; the only room that draws."""

from glasswells.report.campaign_content import campaign_content
from glasswells.report.content import (
    Exploration,
    Failure,
    GlassContent,
    Preparation,
    ReportContent,
    ShownWell,
    StageCost,
    choose_wells,
)
from glasswells.report.page import write_report
from glasswells.report.several import together
from glasswells.report.vibration_content import ShownSpectrum, ShownVibrations, VibrationContent

__all__ = [
    "Exploration",
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
