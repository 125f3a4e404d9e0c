"""A world that is closed after the test."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.simulation.settings import build_settings
from tests.simulation.world import World

MakeWorld = Callable[..., World]
NEW_OBJECTS = 50_000
"""After so many the collector looks for worlds that are over; Python's own 700 come many times in one story."""


@pytest.fixture(scope="package", autouse=True)
def _seldom_collected() -> Iterator[None]:
    """The collector took a tenth of the time."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *before[1:])
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.fixture
def make_world() -> Iterator[MakeWorld]:
    """Makes a world in which campaign 1 is active. ``settings``: of its campaign; None: nothing is configured."""
    with ExitStack() as stack:

        def make(*, settings: dict[str, Any] | None = None, configured: bool = True, **options: Any) -> World:
            world = stack.enter_context(World(**options))
            if configured:
                world.configure(build_settings(**(settings or {})))
            return world

        yield make


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """Leads, no faults, schedules on."""
    return make_world()
