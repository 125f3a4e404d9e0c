"""A person asks to be forgotten, or to see all that is stored about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.domain.person import fold_email, is_deliverable
from shared.errors import LedgerTooLargeError, MalformedPayloadError, TransientError
from shared.observability import logger
from shared.ports.operations import Change

if TYPE_CHECKING:
    from shared.use_cases.environment import Environment

ERASED_BY_EMAIL = "Erased a person by e-mail address."
EXPORTED = "Exported a person by e-mail address."


def export_person(environment: Environment, who: str, email: str) -> list[dict[str, Any]]:
    """All rows that hold something of the person. Raises MalformedPayloadError for what is no address, LedgerTooLargeError."""
    if not is_deliverable(fold_email(email)):
        raise MalformedPayloadError("This is not an e-mail address.")
    environment.audit.add(Change(environment.clock.now(), who, EXPORTED))
    return environment.erasures.export(email, environment.time_left)


def erase_person(environment: Environment, who: str, email: str) -> int | None:
    """How many rows were deleted or emptied; None when the ledger is too large to do it now: it is requested, and reconcile
    goes on with it. Raises MalformedPayloadError for what is no address."""
    now = environment.clock.now()
    environment.erasures.request(email, now)  # reconcile ends what is begun here
    environment.audit.add(Change(now, who, ERASED_BY_EMAIL))
    try:
        return environment.erasures.erase(email, now, environment.time_left)
    except LedgerTooLargeError:
        return None


def erase_requested(environment: Environment) -> None:
    """Erases who is still waiting for it, as far as the time goes. It never raises: the next pass goes on."""
    try:
        for email in environment.erasures.requested(environment.clock.now()):
            environment.erasures.erase(email, environment.clock.now(), environment.time_left)
    except LedgerTooLargeError:
        logger.warning("no time left to erase a person who asked for it")
    except TransientError as error:
        logger.warning("a person who asked for it is not erased yet", error=type(error).__name__)
