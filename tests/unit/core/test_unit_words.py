"""Units of materials."""

from __future__ import annotations

import pytest

from glasswells.core.unit_words import unit_of_material


@pytest.mark.parametrize(
    ("reduced", "material"),
    [
        ("epsilon", "eV"),
        ("sigma sqrt(m)", "angstrom sqrt(u)"),
        ("sqrt(epsilon/m)/sigma", "sqrt(eV/u)/angstrom"),
        ("epsilon/(m sigma^2)", "eV/(u angstrom^2)"),
        ("epsilon/k_B", "eV/k_B"),
        ("K", "K"),
        ("sweeps", "sweeps"),
        ("", ""),
    ],
)
def test_units_of_energy_length_and_mass_change_and_nothing_else(
    reduced: str, material: str
) -> None:
    assert unit_of_material(reduced) == material
