"""Save a campaign's settings as their next version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.domain.attribute_check import find_unfit
from shared.domain.campaign import Campaign, Document, Status
from shared.domain.contact import Attribute
from shared.domain.settings_check import Problem, find_missing, find_wrong
from shared.errors import ConfigurationError, FailureError, InvalidSettingsError
from shared.ports.repositories import Campaigns
from shared.ports.services import Clock, Intercom

UNCHECKED = (
    "Intercom cannot be reached, so nobody could check whether the chosen attributes exist there. What it does not take "
    "is left out on delivery and shown."
)


@dataclass(frozen=True, slots=True)
class Saved:
    """``warnings``: what is still missing, or could not be checked. They stopped nothing."""

    campaign: Campaign
    warnings: tuple[Problem, ...] = ()


def save_campaign(
    campaigns: Campaigns,
    intercom: Callable[[], Intercom],
    clock: Clock,
    document: Document,
    expected_version: int | None,
    author: str,
) -> Saved:
    """``expected_version`` None: the campaign is new. The document's shape has been checked.

    What can never work is refused in every status. What is missing is refused when the campaign is to be active. What the
    workspace would not take is refused but in a paused campaign, so that a deleted attribute never keeps anybody from
    pausing. Raises InvalidSettingsError, ConflictError and TransientError.
    """
    status = Status(document.get("status", Status.DRAFT))
    refused, warnings = find_wrong(document), []
    missing = find_missing(document)
    if status is Status.ACTIVE:
        refused += missing
    else:
        warnings += missing
    attributes = _attributes(intercom)
    if attributes is None:
        warnings.append(("", UNCHECKED))
    elif status is Status.PAUSED:
        warnings += find_unfit(document, attributes)
    else:
        refused += find_unfit(document, attributes)
    if refused:
        raise InvalidSettingsError(refused)
    return Saved(campaigns.save(document, expected_version, author, clock.now()), tuple(warnings))


def _attributes(intercom: Callable[[], Intercom]) -> Mapping[str, Attribute] | None:
    """None when Intercom does not answer or is not connected: saving must not depend on it."""
    try:
        return intercom().attributes()
    except (FailureError, ConfigurationError):
        return None
