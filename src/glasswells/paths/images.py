"""The images of a double well's path: configurations at equal steps from A over the saddle to B."""

from __future__ import annotations

from typing import Any

from glasswells.core.arguments import expects
from glasswells.core.checks import count
from glasswells.core.records import Configuration, DoubleWell
from glasswells.model.pair_model import Model
from glasswells.paths.double_well import FEWEST_IMAGES, surface_of
from glasswells.paths.settings import PathSettings
from glasswells.paths.tangents import equally_spaced, steepest_descents


@expects(model=Model, double_well=DoubleWell)
def path_images(
    model: Model, double_well: DoubleWell, images: int = 41, **further_settings: Any
) -> tuple[Configuration, ...]:
    """Configurations on the steepest-descent path at equal arc lengths, the first A, the last B.

    The path is followed anew from the saddle (ds/dt = |g|, the limit of a band of infinitely many
    images). All images lie in the periodic image in which the path is continuous: B is A plus
    r_AB, not necessarily where its own record has it.

    Parameters
    ----------
    model
        The potential energy.
    double_well
        Result of `find_double_well`.
    images
        Their number, both ends included.
    further_settings
        Fields of `PathSettings`.

    Raises
    ------
    InputError
        For fewer than five images.
    ConvergenceError
        If the path does not end in both minima with these settings.
    """
    images = count("images", images, minimum=FEWEST_IMAGES)
    start = double_well.minimum_a
    surface = surface_of(model, start)
    first, second = steepest_descents(surface, double_well, (), PathSettings(**further_settings))
    between = equally_spaced(first, second, images)[1:-1]
    end = start.moved_to(start.positions + double_well.displacement_ab)
    return (start, *(start.moved_to(surface.plain(point)) for point in between), end)
