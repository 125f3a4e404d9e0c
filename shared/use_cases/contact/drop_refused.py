"""Send values to a contact, and leave out what Intercom refuses: one bad attribute never costs the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from shared.domain.contact import Attribute, Value
from shared.domain.mapping import Dropped, prepare
from shared.domain.timing import LONGEST_CREATE
from shared.errors import RateLimitedError, RejectedError, TransientError

CORE = frozenset({"email", "name"})
"""What a contact is left with when Intercom refuses the rest without saying what of it."""
Answer = TypeVar("Answer")


def drop_refused(
    read_attributes: Callable[[], Mapping[str, Attribute]],
    values: Mapping[str, Value],
    send: Callable[[Mapping[str, Value]], Answer],
    time_left: Callable[[], float],
    *,
    creates: bool = False,
) -> tuple[Answer, Mapping[str, Value], tuple[Dropped, ...]]:
    """Sends; drops what Intercom refuses by name as often as it names something new, and where it names nothing, all but
    e-mail and name. Answers what was sent at last, and what was dropped. An e-mail address that is refused is not sent again.

    Raises what ``send`` raises; RejectedError only when nothing is left to drop.
    """
    dropped: tuple[Dropped, ...] = ()
    anew = False
    while True:
        try:
            return send(values), values, dropped
        except RejectedError as error:
            if (creates and "email" in error.fields) or not values:
                raise
            refused = {name: Dropped(name, f"Intercom refused it: {error}") for name in error.fields if name in values}
            if not anew:
                anew = True
                refused |= _unfit(read_attributes, values)  # it tells more than the refusal
            reason = f"Intercom refused the contact with it: {error}"
            refused = refused or {name: Dropped(name, reason) for name in values.keys() - CORE}
            if not refused:
                raise
            values = {name: value for name, value in values.items() if name not in refused}
            dropped = (*dropped, *(refused[name] for name in sorted(refused)))
            if time_left() < LONGEST_CREATE:  # everything was refused so far: nothing is in doubt
                raise RateLimitedError("Not enough time left to send the rest.", retry_after=1.0) from error


def _unfit(read_attributes: Callable[[], Mapping[str, Attribute]], values: Mapping[str, Value]) -> dict[str, Dropped]:
    """What the attributes, read again, no longer take."""
    try:
        attributes = read_attributes()
    except TransientError:
        return {}
    return {drop.attribute: drop for drop in prepare(values, attributes).dropped}
