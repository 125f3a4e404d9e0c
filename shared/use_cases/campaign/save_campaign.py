"""Save a campaign's settings as their next version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shared.domain.campaign.attribute_check import as_held, find_unfit
from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.campaign.earning_check import find_open_to_visitors, find_risky, find_unearned
from shared.domain.campaign.settings_check import Problem, find_missing, find_wrong
from shared.domain.campaign.shared_attributes import find_shared
from shared.domain.contact import Attribute
from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL
from shared.errors import ConfigurationError, FailureError, InvalidSettingsError
from shared.observability import logger
from shared.ports.operations import Change
from shared.use_cases.campaign.find_taken_back import find_taken_back
from shared.use_cases.campaign.newest_person import highest_user_id
from shared.use_cases.environment import Environment
from shared.use_cases.qualification.count_standing import PAGES_AT_SAVE, Standing, count_standing

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
    environment: Environment,
    settings: Campaign,
    expected_version: int | None,
    author: str,
) -> Saved:
    """``expected_version`` None: the campaign is new. The shape of ``settings`` has been checked.

    What can never work is refused in every status. What is missing is refused when the campaign is to be active. What the
    workspace would not take, and what would pay people who did nothing, is refused but in a paused campaign, so that it never
    keeps anybody from pausing. Raises InvalidSettingsError, ConflictError and TransientError.
    """
    status = settings.status
    refused, warnings = find_wrong(settings), []
    missing = find_missing(settings)
    if status is Status.ACTIVE:
        refused += missing
    else:
        warnings += missing
    unfit = _find_unfit(environment, settings)
    if unfit is None:
        warnings.append(("", UNCHECKED))
    else:
        settings = _as_held(environment, settings)
    before = environment.campaigns.find(settings.campaign_id)
    doubtful = [*(unfit or ()), *find_unearned(settings), *find_taken_back(environment, settings, before)]
    if status is Status.PAUSED:
        warnings += doubtful
    else:
        refused += doubtful
    if refused:
        raise InvalidSettingsError(refused)
    warnings += find_risky(settings)
    warnings += find_shared(settings, environment.campaigns.list())
    now = environment.clock.now()
    campaign = environment.campaigns.save(settings, expected_version, author, now)
    what = f"Saved version {campaign.version} of campaign {campaign.campaign_id} ({campaign.status})."
    environment.audit.add(Change(now, author, what))
    warnings += _warn_of_standing(environment, campaign)
    if status is Status.ACTIVE and campaign.activation_mark is None and not campaign.backfill:
        _set_activation_mark(environment, campaign.campaign_id)
    return Saved(campaign, tuple(warnings))


def _warn_of_standing(environment: Environment, campaign: Campaign) -> list[Problem]:
    """How many people of the campaign stand at a value that qualifies only from now on. Reconcile counts what saving cannot."""
    if not campaign.uncounted:
        return []
    try:
        standing = count_standing(environment, campaign, PAGES_AT_SAVE)
    except (FailureError, ConfigurationError) as error:
        logger.warning("standing left to reconcile", campaign_id=campaign.campaign_id, error=type(error).__name__)
        standing = Standing(complete=False)
    values = ", ".join(f"“{value}”" for value in campaign.uncounted)
    if campaign.became_user:
        values = "the role of a user"
    count, people = standing.people, "person" if standing.people == 1 else "people"
    if standing.complete and not count:
        return []
    who = f"{count} {people} of this campaign" if standing.complete else f"At least {count} {people} of this campaign"
    stand = f"{who} stood at {values} before, which does not count: their contact has to leave it and come back."
    later = " All are counted within minutes; until then nobody who joined before becomes successful by it."
    return [("qualification.trigger", stand if standing.complete else stand + later)]


def _set_activation_mark(environment: Environment, campaign_id: int) -> None:
    """Stores who had joined before the activation. Unasked or unanswered, reconcile's next whole pass stores it; until then
    reconcile adds nobody to this campaign."""
    try:
        if environment.time_left() > LONGEST_REFERRAL_FACTORY_CALL:
            highest = highest_user_id(environment.referral_factory(), environment.time_left)
            if highest is not None:
                environment.campaigns.set_activation_mark(campaign_id, highest)
    except (FailureError, ConfigurationError) as error:
        logger.warning("activation mark left to reconcile", campaign_id=campaign_id, error=type(error).__name__)


def _as_held(environment: Environment, settings: Campaign) -> Campaign:
    """Dates as contacts hold them; as they were written where one is none, which is refused or warned of."""
    connection = environment.connections.find()
    try:
        return as_held(settings, environment.intercom().attributes(), connection.timezone if connection else "UTC")
    except (FailureError, ConfigurationError, ValueError):
        return settings


def _find_unfit(environment: Environment, settings: Campaign) -> list[Problem] | None:
    """By what is known of the workspace; before anything is refused, by what it holds now. None when Intercom does not answer
    or is not connected: saving must not depend on it."""
    try:
        intercom = environment.intercom()

        def find(attributes: Mapping[str, Attribute]) -> list[Problem]:
            return [*find_unfit(settings, attributes), *find_open_to_visitors(settings, attributes)]

        return find(intercom.read_attributes()) if find(intercom.attributes()) else []
    except (FailureError, ConfigurationError):
        return None
