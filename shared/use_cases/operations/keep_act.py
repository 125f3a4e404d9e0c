"""What people do is kept: written before the act, completed after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.errors import ApplicationError, TransientError
from shared.ports.operations import Actor, Change, Result

if TYPE_CHECKING:
    from shared.use_cases.environment import Environment


@dataclass(slots=True)
class Act:
    result: Result | None = None
    """Set by an act that ends in another way than done, without an error."""


@contextmanager
def kept_act(environment: Environment, by: Actor, what: str) -> Iterator[Act]:
    """Raises TransientError when nothing could be written: then nothing is done."""
    environment.audit.begin(Change.of(by, environment.clock.now(), what, None))
    act, result = Act(), Result.FAILED
    try:
        yield act
        result = act.result or Result.DONE
    except ApplicationError as error:
        result = Result.FAILED if isinstance(error, TransientError) else Result.REFUSED
        raise
    finally:
        environment.audit.complete(result)
