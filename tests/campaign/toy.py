"""A pipeline of toy stages with the shape of the real one, fast and without physics.

walk (a chain of chunks per glass and trajectory, with a generator as its state) -> gather (one per
glass, over all its walks) -> square (one per visited site) -> total (over all squares).
"""

from __future__ import annotations

import errno
import json
import os
import signal
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import numpy as np

from glasswells.core.errors import InputError
from glasswells.store.codec import LARGEST_VALUE, Codec
from glasswells.store.pipeline import Pipeline, Stage
from glasswells.store.tasks import SELF, FollowUp, Ref, Task, TaskFailedError, TaskInput, TaskOutput


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Bits(NamedTuple):
    words: np.ndarray
    count: int


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Walk:
    path: np.ndarray
    color: Color


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class WalkState:
    position: np.ndarray
    generator: dict[str, Any]
    bits: Bits
    done: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    x: float
    visits: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Total:
    sites: int
    sum: float


def walk(task: TaskInput) -> TaskOutput:
    p = task.parameters
    rng = np.random.default_rng(task.seed)
    position, done = np.zeros(p["width"]), 0
    if task.state is not None:
        rng.bit_generator.state = task.state.generator
        position, done = task.state.position, task.state.done
    steps = rng.normal(size=(p["steps"], p["width"]))
    path = position + np.cumsum(steps, axis=0)
    if "slow_while" not in p or os.path.exists(p["slow_while"]):
        time.sleep(p["seconds"])
    done += 1
    products = (("walk", Walk(path=path, color=Color.BLUE)),)
    if done == p["chunks"]:
        return TaskOutput(products=products, counts={"steps": len(path)})
    bits = Bits(words=np.arange(3, dtype=np.uint32), count=done)
    state = WalkState(position=path[-1], generator=rng.bit_generator.state, bits=bits, done=done)
    return TaskOutput(
        products=products,
        counts={"steps": len(path)},
        state=state,
        chunks_left=p["chunks"] - done,
    )


def gather(task: TaskInput) -> TaskOutput:
    values = np.rint(np.concatenate([w.path[:, 0] for walks in task.inputs for w in walks]))
    xs, visits = np.unique(values, return_counts=True)
    time.sleep(task.parameters["seconds"])
    sites = [Site(x=float(x), visits=int(n)) for x, n in zip(xs, visits, strict=True)]
    return TaskOutput(products=tuple(("site", s) for s in sites), counts={"sites": len(sites)})


def follow_gather(plan: dict[str, Any], task: Task, output: TaskOutput) -> Sequence[FollowUp]:
    n = len(output.products)
    squares = [
        FollowUp(
            stage="square",
            glass=task.glass,
            number=k,
            inputs=(Ref(chain=SELF, kind="site", item=k),),
            parameters={"seconds": plan["seconds"], "mode": plan["mode"], "marker": plan["marker"]},
            label=f"square {k}",
        )
        for k in range(n)
    ]
    refs = tuple(Ref(chain=f"square {k}", kind="square", optional=True) for k in range(n))
    return [*squares, FollowUp(stage="total", glass=task.glass, number=0, inputs=refs)]


def square(task: TaskInput) -> TaskOutput:
    ((site,),) = task.inputs
    mode = task.parameters["mode"]
    if mode == "fail" and site.x == 0:
        raise TaskFailedError("zero", "the site is the origin")
    if mode == "error" and site.x == 0:
        raise ZeroDivisionError("the site is the origin")
    if mode == "die" and site.x == 0:
        os._exit(1)
    if mode in PASSING and site.x == 0 and os.path.exists(task.parameters["marker"]):
        PASSING[mode]()
    if mode == "die once" and site.x == 0 and not os.path.exists(task.parameters["marker"]):
        with open(task.parameters["marker"], "w"):
            os.kill(os.getpid(), signal.SIGKILL)
    if mode == "unsavable" and site.x == 0:
        return TaskOutput(products=(("square", {1, 2}),))
    if mode == "vast" and site.x == 0:
        vast = np.broadcast_to(0.0, LARGEST_VALUE // 8 + 1)  # takes no memory
        return TaskOutput(products=(("square", Walk(path=vast, color=Color.RED)),))
    time.sleep(task.parameters["seconds"])
    noise = float(np.random.default_rng(task.seed).normal())
    return TaskOutput(products=(("square", Site(x=site.x**2 + noise, visits=site.visits)),))


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def raised(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


PASSING: dict[str, Callable[[], None]] = {
    "no memory": raised(MemoryError("no memory")),
    "no space": raised(OSError(errno.ENOSPC, "No space left on device")),
    "no library": raised(ImportError("failed to map segment")),
    "killed": killed,
    "wrong today": raised(TaskFailedError("wrong", "as long as the marker is there")),
    # As version 0.1.0 recorded what the machine lacked.
    "recorded": raised(TaskFailedError("memory_error", "no memory")),
}
"""What a square at the origin does as long as the marker exists."""


def total(task: TaskInput) -> TaskOutput:
    sites = [site for group in task.inputs for site in group]
    return TaskOutput(products=(("total", Total(sites=len(sites), sum=sum(s.x for s in sites))),))


def read_plan(text: str) -> dict[str, Any]:
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"the toy plan is no TOML: {error}") from None
    plan = {
        "name": "toy",
        "seed": 7,
        "glasses": 2,
        "walks": 2,
        "chunks": 3,
        "steps": 20,
        "width": 5,
        "seconds": 0.0,
        "mode": "",
        "marker": "",
        "slow_while": "",
    }
    unknown = sorted(set(given) - set(plan))
    if unknown:
        raise InputError(f"unknown key {unknown[0]}")
    return {**plan, **given}


def plan_text(**changes: Any) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in changes.items())


def roots(plan: dict[str, Any]) -> Sequence[FollowUp]:
    parameters = {key: plan[key] for key in ("chunks", "steps", "width", "seconds")}
    if plan["slow_while"]:  # a file: tests that kill and stop have time, and are done soon after
        parameters["slow_while"] = plan["slow_while"]
    follow_ups = []
    for g in range(plan["glasses"]):
        glass = f"g{g}"
        for k in range(plan["walks"]):
            follow_ups.append(
                FollowUp(
                    stage="walk",
                    glass=glass,
                    number=k,
                    parameters=parameters,
                    label=f"{glass} {k}",
                    chunks=plan["chunks"],
                )
            )
        refs = tuple(Ref(chain=f"{glass} {k}", kind="walk") for k in range(plan["walks"]))
        follow_ups.append(
            FollowUp(
                stage="gather",
                glass=glass,
                number=0,
                inputs=refs,
                parameters={"seconds": plan["seconds"]},
            )
        )
    return follow_ups


def grows(before: dict[str, Any], after: dict[str, Any]) -> bool:
    few = before["glasses"]
    return {**after, "glasses": few} == before and after["glasses"] >= few


PIPELINE = Pipeline(
    name="toy",
    cites=("A paper on toys.",),
    stages=(
        Stage(name="walk", title="Walk", run=walk),
        Stage(name="gather", title="Gather", run=gather, follow=follow_gather),
        Stage(name="square", title="Square", run=square, cites=("A paper on squares.",)),
        Stage(name="total", title="Total", run=total),
    ),
    codec=Codec((Color, Bits, Walk, WalkState, Site, Total)),
    read_plan=read_plan,
    roots=roots,
    identity=lambda plan: (plan["name"], plan["seed"]),
    grows=grows,
)
