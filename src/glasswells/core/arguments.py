"""Arguments of a wrong type: one clear `InputError` that names the fix, by one decorator."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from glasswells.core.errors import InputError

NOT_GIVEN = inspect.Parameter.empty
"""Python's own error tells of a missing argument."""
P = ParamSpec("P")
R = TypeVar("R")


def expects(**types: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A decorator that checks the types of some arguments of a public function, by their names.

    A type is a class or a runtime protocol. The message says what was given instead and, where it
    can be told, what to pass: a model that was not made yet, two arguments exchanged, a record that
    holds what was expected.

    Raises
    ------
    InputError
        When the function is called with an argument of another type.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        places = {name: k for k, name in enumerate(inspect.signature(function).parameters)}
        checks = [(name, places[name], wanted) for name, wanted in types.items()]

        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            for name, place, wanted in checks:
                value = args[place] if place < len(args) else kwargs.get(name, NOT_GIVEN)
                if value is NOT_GIVEN:
                    continue
                # A class has the methods of its instances, which satisfies a protocol.
                if isinstance(value, type) or not isinstance(value, wanted):
                    raise _wrong_type(name, value, wanted, (*args, *kwargs.values()), types)
            return function(*args, **kwargs)

        return checked

    return decorate


def _wrong_type(
    name: str, value: Any, wanted: Any, given: tuple[Any, ...], types: dict[str, Any]
) -> InputError:
    is_class = isinstance(value, type)
    what = f"the class {value.__name__}" if is_class else f"of type {type(value).__name__}"
    step = _next_step(name, value, wanted, given, types)
    return InputError(f"{name} is {what}, expected a {wanted.__name__}: {step}")


def _next_step(
    name: str, value: Any, wanted: Any, given: tuple[Any, ...], types: dict[str, Any]
) -> str:
    if isinstance(value, type):
        return f"make one, {value.__name__}(...)"
    names = [f.name for f in dataclasses.fields(value)] if dataclasses.is_dataclass(value) else []
    inside = [part for part in names if isinstance(getattr(value, part), wanted)]
    if inside:
        return f"pass its .{inside[0]}"
    swapped = [n for n, k in types.items() if n != name and isinstance(value, k)]
    if swapped and any(isinstance(other, wanted) for other in given):
        return f"{name} and {swapped[0]} are exchanged"
    return ADVICE.get(wanted.__name__, "see the help of this function")


ADVICE = {
    "Configuration": "make one with gw.Configuration(positions=..., diameters=..., box=...), read "
    "one with gw.read_configuration, or convert ASE atoms with gw.from_ase",
    "Model": "pass a model such as gw.SoftSpheres(), or gw.AseModel(atoms, calculator)",
    "PairModel": "pass a pair model such as gw.SoftSpheres(); other energies cannot do this",
    "DoubleWell": "pass what gw.find_double_well gave; a PathFailure says why there is none",
    "EnergyProfile": "pass the profile of a double well, or gw.EnergyProfile(...)",
    "UnitSystem": "pass a unit set such as gw.ARGON, or that of a gw.AseModel",
}
"""What to pass, by the type expected."""
