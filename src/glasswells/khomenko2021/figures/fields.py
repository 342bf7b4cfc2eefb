"""The best linear and the best nonlinear mode beside r_AB: the paper's Fig. 3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from glasswells.content.records import ReportContent
from glasswells.content.vibrations import ShownVibrations
from glasswells.core.records import Array
from glasswells.report.field_drawing import (
    FIELD_WORDS,
    centered_on_largest,
    field_layout,
    field_numbers,
    field_traces,
    most_mobile,
    plot_field,
)
from glasswells.report.numbers import label_text
from glasswells.report.picture import Picture, new_figure
from glasswells.report.section import ReportFigure


def field_pictures(content: ReportContent) -> Iterator[Picture]:
    """Fig. 3 of each double well that was chosen."""
    if content.vibrations is not None:
        for place, shown in enumerate(content.vibrations.fields):
            yield replace(_picture(shown, f"mode_fields_{place}"), is_folded=place > 0)


def _picture(shown: ShownVibrations, slug: str) -> Picture:
    fields = _fields(shown)
    minimum, mobile = shown.minimum_a, most_mobile(shown.displacement_ab)
    centered = centered_on_largest(minimum, shown.displacement_ab)
    figure = new_figure(2.9 * len(fields), 3.1)
    for place, (name, field) in enumerate(fields):
        axes = figure.add_subplot(1, len(fields), place + 1, projection="3d")
        plot_field(axes, centered, field, minimum.box, mobile)
        axes.set_title(name, loc="center", y=0.97)
    splitting = f" E = {shown.splitting:.3g}." if np.isfinite(shown.splitting) else ""
    return Picture(
        slug=slug,
        title=f"Displacement fields of modes beside r_AB: {shown.title}",
        caption=f"Double well {shown.number} of glass {shown.glass}, T_f = "
        f"{shown.preparation_temperature:g}, N = {minimum.n_particles}.{splitting} "
        f"{_overlap_words(shown)} Modes are drawn with the norm of r_AB.",
        details=FIELD_WORDS,
        figure=figure,
        temperature=shown.preparation_temperature,
        numbers=field_numbers(minimum, {label_text(name): field for name, field in fields}),
        interactive=_interactive(fields, centered, minimum.box, mobile),
    )


def _fields(shown: ShownVibrations) -> list[tuple[str, Array]]:
    """The fields that are known, with the norm of r_AB and its sign."""
    r = shown.displacement_ab
    found = [("$r_{AB}$", r)]
    for name, field in (
        ("best linear mode", shown.vibrations.linear_field),
        ("nonlinear mode", shown.vibrations.cubic_field),
    ):
        if len(field):
            scale = np.linalg.norm(r) / np.linalg.norm(field)
            sign = -1.0 if np.vdot(r, field) < 0 else 1.0
            found.append((name, sign * scale * field))
    return found


def _overlap_words(shown: ShownVibrations) -> str:
    parts = []
    linear = next(
        (d for d in shown.vibrations.directions if d.direction == "displacement_ab"), None
    )
    if linear is not None and np.isfinite(linear.overlap):
        mode = f"Best linear mode: number {linear.mode}" if linear.mode else "Best linear mode"
        mobility = f", a = {linear.mobility:.2f}" if np.isfinite(linear.mobility) else ""
        certified = "" if linear.certified else ", not certified"
        parts.append(f"{mode}, c = {linear.overlap:.2f}{mobility}{certified}.")
    if not len(shown.vibrations.linear_field):
        parts.append("The field of the best linear mode is not known.")
    cubic = shown.vibrations.seeded("displacement_ab")
    if cubic is None or not cubic.outcome.converged:
        reason = "" if cubic is None else f" ({cubic.outcome.name.lower().replace('_', ' ')})"
        parts.append(f"No nonlinear mode was found{reason}.")
    else:
        parts.append(
            f"Nonlinear mode, to which eq. 6 leads from r_AB: c = {cubic.overlap:.2f}, "
            f"a = {cubic.mobility:.2f}."
        )
    return " ".join(parts)


def _interactive(
    fields: list[tuple[str, Array]], centered: Array, box: Array, mobile: Any
) -> dict[str, Any]:
    """One scene, and buttons that choose the field: the camera stays."""
    groups = [field_traces(centered, field, box, mobile) for _, field in fields]
    traces, buttons = [], []
    for place, (group, (name, _)) in enumerate(zip(groups, fields, strict=True)):
        visible = [place == k for k, other in enumerate(groups) for _ in other]
        label = name.replace("$", "").replace("_{", "<sub>").replace("}", "</sub>")
        buttons.append({"label": label, "method": "restyle", "args": [{"visible": visible}]})
        traces += [{**trace, "visible": place == 0} for trace in group]
    return {
        "data": traces,
        "layout": {
            **field_layout(box),
            "margin": {"l": 0, "r": 0, "t": 0, "b": 45},  # room for the buttons
            "updatemenus": [
                {
                    "type": "buttons", "direction": "right", "buttons": buttons, "x": 0.5,
                    "y": 0.0, "xanchor": "center", "yanchor": "top", "showactive": True,
                }
            ],
        },
    }  # fmt: skip


FIGURES = (ReportFigure(section="vibrations", place=3, draw=field_pictures),)
