"""Leases that are given back at the end. One that cannot be given back ends by itself; that never costs the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shared.errors import TransientError
from shared.observability import logger

if TYPE_CHECKING:
    from shared.domain.signup.person_record import PersonRecord
    from shared.use_cases.environment import Environment


@contextmanager
def leased(environment: Environment, workspace_id: str, email: str, seconds: float) -> Iterator[PersonRecord]:
    """The lease of an address. Raises BusyError."""
    person = environment.people.lease(workspace_id, email, environment.chance.token(), environment.clock.now(), seconds)
    try:
        yield person
    finally:
        give_back(lambda: environment.people.release(person))


def give_back(release: Callable[[], None]) -> None:
    try:
        release()
    except TransientError:
        logger.warning("lease not released")
