"""Units of the real numbers that a campaign saves, for the guides to its columns."""

from __future__ import annotations

FREQUENCY = "sqrt(epsilon/m)/sigma"
UNITS: dict[str, str] = {
    **dict.fromkeys(("positions", "diameters", "box", "core_displacements"), "sigma"),
    **dict.fromkeys(("displacement_ab", "displacement_as", "list_reference", "rho"), "sigma"),
    **dict.fromkeys(("distance", "distances", "first_distance", "second_distance"), "sigma"),
    **dict.fromkeys(("largest_displacements", "largest_distances", "image_distances"), "sigma"),
    **dict.fromkeys(("maxima", "minima"), "sigma"),
    **dict.fromkeys(("arc_length", "path_length"), "sigma sqrt(m)"),
    **dict.fromkeys(("energy", "energy_difference", "energy_resolution", "barrier"), "epsilon"),
    **dict.fromkeys(("deformation_potential",), "epsilon"),
    **dict.fromkeys(("asymmetry", "splitting", "spread", "levels", "by_continuation"), "epsilon"),
    **dict.fromkeys(("tunneling_amplitude", "zero_point_a", "zero_point_b"), "epsilon"),
    **dict.fromkeys(("at_hbar_limits", "potential_energy", "error"), "epsilon"),
    **dict.fromkeys(("preparation_temperature", "temperature"), "epsilon/k_B"),
    **dict.fromkeys(("masses",), "m"),
    **dict.fromkeys(("velocities",), "sqrt(epsilon/m)"),
    **dict.fromkeys(("forces", "image_forces"), "epsilon/sigma"),
    **dict.fromkeys(("curvature_a", "curvature_b", "negative_eigenvalue"), "epsilon/(m sigma^2)"),
    **dict.fromkeys(("stiffness", "curvatures", "image_curvatures"), "epsilon/sigma^2"),
    **dict.fromkeys(("cubic",), "epsilon/sigma^3"),
    **dict.fromkeys(("frequency", "frequency_a", "frequency_b", "frequencies"), FREQUENCY),
    **dict.fromkeys(("sweeps", "sweeps_apart", "overlap_time", "diameter_time"), "sweeps"),
    **dict.fromkeys(("core_particles", "crystalline_fraction", "fractionation"), "1"),
    **dict.fromkeys(("inherent_drift", "participation_number", "reduced_hbar", "residual"), "1"),
    **dict.fromkeys(("participation_ratio", "participation_ratios", "bound", "overlap"), "1"),
    **dict.fromkeys(("overlaps", "image_overlaps", "overlap_with_start", "seed_overlap"), "1"),
    **dict.fromkeys(("mobility", "seed_mobility", "mobility_overlap", "largest_mobility"), "1"),
    **dict.fromkeys(("largest_mobility_all", "tangent_a", "tangent_b", "tangents"), "1"),
    **dict.fromkeys(("field", "linear_field", "cubic_field", "softest", "softest_localized"), "1"),
    **dict.fromkeys(("double_well_slopes", "double_well_offset", "splitting_slopes"), "1"),
    **dict.fromkeys(("splitting_offset", "expected_double_wells"), "1"),
    **dict.fromkeys(("expected_two_level_systems", "Importance.double_well"), "1"),
    **dict.fromkeys(("Importance.splitting",), "1"),
    **dict.fromkeys(("threshold",), "epsilon"),
    **dict.fromkeys(("Measured.value", "Measured.error"), "epsilon"),
    **dict.fromkeys(("heat_capacity.value", "heat_capacity.error"), "k_B"),
    **dict.fromkeys(("energy_slope.value", "energy_slope.error"), "k_B"),
    **dict.fromkeys(("from_below", "inherent_energy"), "epsilon"),
    "energy_slope": "k_B",
    "features": "of each column as in `Pair`",
    "beyond_a": "sigma sqrt(m); epsilon",
    "beyond_b": "sigma sqrt(m); epsilon",
}
"""Of the real numbers in these records, by field, or by `Record.field` or `outer.field` where that
is not enough: reduced units, 1 for numbers without one."""
