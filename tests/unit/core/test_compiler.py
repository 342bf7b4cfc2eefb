"""The kernel decorator: its cache notices every change, and loads without compiling."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from numba.core import config, event
from numba.core.caching import CacheImpl

from glasswells.core.compiler import REASSOCIATE, is_kept, kernel, source_fingerprint
from glasswells.model.soft_spheres import integer_power

RUN = """
import json, sys
from numba.core import event
import {module}
with event.install_recorder("numba:compile") as compiled:
    value = {expression}
ends = [e for _, e in compiled.buffer if e.is_end]
print(json.dumps([value, len(ends)]))
"""


class Session:
    """Runs expressions in new processes, with modules and a kernel cache of their own."""

    def __init__(self, folder):
        self.folder = folder
        self.edits = 0

    def write(self, module, source):
        path = self.folder / f"{module}.py"
        path.write_text(textwrap.dedent(source))
        self.edits += 1
        os.utime(path, (1e9, 1e9 + 10 * self.edits))  # a new time stamp whatever the clock does

    def run(self, module, expression, **environment):
        """(value, number of compilations) of one expression in a new process."""
        script = RUN.format(module=module, expression=expression)
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=self.folder,
            env={
                **os.environ,
                "NUMBA_CACHE_DIR": str(self.folder / "cache"),
                "PYTHONDONTWRITEBYTECODE": "1",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        value, compilations = json.loads(done.stdout)
        return value, compilations


@pytest.fixture
def session(tmp_path):
    return Session(tmp_path)


CALLER = """
    from glasswells.core.compiler import kernel
    from helper import factor, scaled

    @kernel
    def caller(x):
        return scaled(x) + factor
"""
HELPER = """
    from glasswells.core.compiler import kernel

    factor = {factor}
    @kernel
    def scaled(x):
        return {scale} * x
"""


def test_second_process_loads_without_compiling_and_sees_edits_of_other_files(session):
    session.write("caller", CALLER)
    session.write("helper", HELPER.format(factor=0.5, scale=2.0))
    value, compilations = session.run("caller", "caller.caller(3.0)")
    assert value == 6.5
    assert compilations > 0
    assert session.run("caller", "caller.caller(3.0)") == (6.5, 0)
    session.write("helper", HELPER.format(factor=0.5, scale=10.0))  # a kernel that it calls
    assert session.run("caller", "caller.caller(3.0)")[0] == 30.5
    session.write("helper", HELPER.format(factor=0.25, scale=10.0))  # a constant that it uses
    assert session.run("caller", "caller.caller(3.0)")[0] == 30.25
    assert session.run("caller", "caller.caller(3.0)") == (30.25, 0)


def test_constants_that_trade_values_are_noticed(session):
    session.write(
        "caller",
        """
        from glasswells.core.compiler import kernel
        from constants import first, second

        @kernel
        def caller(x):
            return first * x + second
        """,
    )
    session.write("constants", "import numpy as np\nfirst, second = np.float32(2), np.float32(3)\n")
    assert session.run("caller", "caller.caller(1e3)")[0] == 2003.0
    session.write("constants", "import numpy as np\nfirst, second = np.float32(3), np.float32(2)\n")
    assert session.run("caller", "caller.caller(1e3)")[0] == 3002.0


def test_closures_of_one_factory_do_not_share_machine_code(session):
    """y^5, y^6 and y^9 are chains of the same two closures in different orders."""
    session.write("powers", "from glasswells.model.soft_spheres import integer_power\n")
    for exponent in (6, 5, 9, 6):
        value, _ = session.run("powers", f"powers.integer_power({exponent})(2.0)")
        assert value == 2.0**exponent


def test_models_of_other_exponents_do_not_share_machine_code(session):
    session.write(
        "pair",
        """
        from glasswells.core.records import Configuration
        from glasswells.model.functions import energy
        from glasswells.model.soft_spheres import SoftSpheres

        def value(exponent):
            pair = Configuration(
                positions=[[0, 0, 0], [0.9, 0, 0]], diameters=[1, 1], box=[4, 4, 4]
            )
            return energy(SoftSpheres(exponent=exponent, cutoff=1.2), pair)
        """,
    )
    for n in (12, 10, 12):
        value, compilations = session.run("pair", f"pair.value({n})")
        c0, c2, c4 = (
            -(n + 2) * (n + 4) / 8 * 1.2**-n,
            n * (n + 4) / 4 * 1.2 ** -(n + 2),
            -n * (n + 2) / 8 * 1.2 ** -(n + 4),
        )
        assert value == pytest.approx(0.9**-n + c0 + c2 * 0.9**2 + c4 * 0.9**4, rel=1e-13)
    assert compilations == 0  # the last one was there already


def test_bounds_checked_code_is_cached_apart(session):
    session.write(
        "reader",
        """
        import numpy as np
        from glasswells.core.compiler import kernel

        @kernel
        def read(array, i):
            return array[i]

        def outcome():
            try:
                read(np.zeros(3), 3 + 0 * len(__name__))
            except IndexError:
                return "refused"
            return "read"
        """,
    )
    assert session.run("reader", "reader.outcome()")[0] == "read"
    assert session.run("reader", "reader.outcome()", NUMBA_BOUNDSCHECK="1")[0] == "refused"
    assert session.run("reader", "reader.outcome()") == ("read", 0)


DAMAGES = {
    "truncated": lambda content: content[:-20],
    "empty": lambda content: b"",
    "flipped": lambda content: content[:-20] + bytes([content[-20] ^ 4]) + content[-19:],
    "of another program": lambda content: b"ustar" * 100,
}


def doubled():
    """A kernel as another process would make it."""

    def double(x):
        return 2.0 * x

    return kernel(double)


def compilations():
    """How often a fresh dispatcher compiles before it has an answer."""
    with event.install_recorder("numba:compile") as compiled:
        assert doubled()(3.0) == 6.0
    return len(compiled.buffer)


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", list(DAMAGES))
def test_a_damaged_cache_is_compiled_again(monkeypatch, tmp_path, damage, ending):
    """Index or machine code: neither the unpickler nor LLVM gets to see it."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    assert compilations() > 0
    assert compilations() == 0
    (file,) = tmp_path.rglob(f"*.{ending}")
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    assert compilations() > 0
    assert compilations() == 0


def times(factor):
    """One of the closures of a factory, which all share an index, as another process makes it."""

    def multiply(x):
        return factor * x

    return kernel(multiply)


def test_machine_code_of_another_kernel_is_compiled_again(monkeypatch, tmp_path):
    """Of two processes that compile at once, each numbers its file without seeing the other's."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    assert times(2.0)(3.0) == 6.0
    (first,) = tmp_path.rglob("*.nbc")
    content = first.read_bytes()
    for file in (*tmp_path.rglob("*.nbi"), first):
        file.unlink()
    assert times(5.0)(3.0) == 15.0
    assert [*tmp_path.rglob("*.nbc")] == [first], "both have chosen this name"
    first.write_bytes(content)
    assert times(5.0)(3.0) == 15.0
    with event.install_recorder("numba:compile") as compiled:
        assert times(5.0)(3.0) == 15.0
    assert not compiled.buffer, "it was kept"


def test_a_cache_that_a_full_disk_does_not_take_ends_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        assert compilations() > 0
        assert compilations() > 0
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.rglob("*.tmp*"))


def test_a_cache_that_cannot_be_read_ends_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    assert compilations() > 0
    for file in [*tmp_path.rglob("*.nbi"), *tmp_path.rglob("*.nbc")]:
        file.unlink()
        file.mkdir()
    assert compilations() > 0


def test_a_kernel_works_where_no_folder_can_be_written(monkeypatch):
    """As in a read-only installation for a user without a home."""
    assert is_kept(doubled())
    monkeypatch.setattr(CacheImpl, "_locator_classes", [])
    function = doubled()
    assert function(3.0) == 6.0
    assert not is_kept(function)


@pytest.mark.parametrize("damage", ["moved class", "truncated"])
def test_a_cache_that_cannot_be_read_is_made_anew(session, damage):
    """An update may move a class that the index of a kernel mentions, or a file may be cut."""
    session.write(
        "caller",
        """
        from glasswells.core.compiler import kernel

        @kernel
        def caller(shape):
            return 2.0 * shape.edge
        """,
    )
    shapes = "from typing import NamedTuple\nclass Box(NamedTuple):\n    edge: float\n"
    run = "import caller, {0}; value = lambda: caller.caller({0}.Box(3.0))\n"
    session.write("shapes", shapes)
    session.write("start", run.format("shapes"))
    assert session.run("start", "start.value()")[0] == 6.0
    assert session.run("start", "start.value()") == (6.0, 0)
    if damage == "moved class":
        (session.folder / "shapes.py").rename(session.folder / "forms.py")
        session.write("start", run.format("forms"))
    else:
        (index,) = (session.folder / "cache").rglob("*.nbi")
        index.write_bytes(index.read_bytes()[:-20])
    value, compilations = session.run("start", "start.value()")
    assert value == 6.0
    assert compilations > 0
    assert session.run("start", "start.value()") == (6.0, 0)


def test_fingerprint_is_stable_and_tells_closures_apart():
    def make(constant):
        def inner(x):
            return x + constant

        return inner

    assert source_fingerprint(make(1)) == source_fingerprint(make(1))
    assert source_fingerprint(make(1)) != source_fingerprint(make(2))
    assert source_fingerprint(make(1)) != source_fingerprint(make(1.0))


def test_fingerprint_of_recursive_functions_ends():
    def factorial(n):
        return n * factorial(n - 1) if n else 1

    assert source_fingerprint(factorial) == source_fingerprint(factorial)


def test_bad_numbers_survive_the_arithmetic_flags():
    """With all of fastmath, `isnan` would be compiled to false."""

    @kernel
    def classify(values):
        bad = 0
        for value in values:
            if np.isnan(value):
                bad += 1
            if not np.isfinite(value):
                bad += 10
            if not value < 1e300:
                bad += 100
        return bad

    assert classify(np.array([np.nan])) == 111
    assert classify(np.array([np.inf])) == 110
    assert classify(np.array([1.0, -np.inf])) == 10
    assert not REASSOCIATE & {"nnan", "ninf", "fast"}


def test_division_by_zero_gives_infinity_not_an_exception():
    @kernel
    def inverse(x):
        return 1.0 / x

    assert inverse(0.0) == np.inf


def test_symbols_carry_the_fingerprint():
    """Two closures compiled by two processes, each its first, would have one name without it."""
    names = []
    for exponent in (5, 6):
        power = integer_power(exponent)
        assert power(2.0) == 2.0**exponent
        found = {compiled.fndesc.mangled_name for compiled in power.overloads.values()}
        assert all(source_fingerprint(power.py_func)[:32] in name for name in found)
        names.append(found)
    assert names[0].isdisjoint(names[1])


def test_kernels_have_no_second_copy_for_callers_in_c():
    """Numba makes one by default, and all that a kernel calls is merged into it once more."""

    @kernel
    def double(x):
        return 2 * x

    assert double(2.0) == 4.0
    double.recompile()  # what comes from a cache cannot be inspected
    assert not any("cfunc." in name for name in double.inspect_llvm(double.signatures[0]).split())
