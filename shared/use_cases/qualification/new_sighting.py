"""What a message shows of a row's tracked attribute, and whether that is news."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.campaign.campaign import Campaign
from shared.domain.campaign.rule import ROLE, Rule
from shared.domain.contact import Role
from shared.domain.person import fold_email
from shared.domain.qualification.qualification import SIGNED_UP, Qualification, Sighting
from shared.domain.qualification.verdict import baseline_of
from shared.domain.signup.referral import Referral
from shared.messages import ENQUEUED, QualifyReferral
from shared.use_cases.environment import Environment
from shared.use_cases.qualification.read_contact import WITHIN_THE_SECOND

WITHOUT_VALUES = frozenset({"contact.archived", "contact.deleted", ENQUEUED})
RECONCILED = "reconcile"
"""The topic of what a search showed."""
BECOMES_USER = frozenset({"contact.merged", RECONCILED})
"""Topics beside ``contact.lead.signed_up`` that may show a lead as a user."""


def new_sighting(
    environment: Environment, message: QualifyReferral, row: Referral, rule: Rule, campaign: Campaign
) -> Sighting | None:
    """None, too, when it shows a qualified value that was none then. Who stood at it when it became one has been counted;
    the others had left it, and nobody had to report that."""
    sighting = _sighting(environment, message, row, rule)
    if sighting is None or replace(rule, values=campaign.uncounted).matches(sighting.value):
        return sighting
    is_before = rule.matches(sighting.value) and sighting.at < int(rule.since_of(sighting.value))
    return None if is_before else sighting


def begins(row: Referral, rule: Rule, sighting: Sighting) -> bool:
    """Whether a first sighting is worth keeping: a qualified value, or that one which stood there was left."""
    return rule.matches(sighting.value) or not row.finished or bool(baseline_of(row, rule).standing)


def _shows_user(message: QualifyReferral) -> bool:
    return message.topic in BECOMES_USER and message.role == Role.USER


def shows_another_user(message: QualifyReferral, row: Referral) -> bool:
    """A user beside the row's own contact, and nothing yet that says that it became that user."""
    return _shows_user(message) and row.contact_id not in (None, message.contact_id)


def is_our_user(environment: Environment, row: Referral, contact_id: str, *, reported: bool = False) -> bool:
    """Whether this application made a user of the lead, or knew the contact as one; ``reported``: Intercom itself says that the
    lead has just become one."""
    connection = environment.connections.find()
    email = row.address or fold_email(row.person.email or "")
    person = environment.people.find(connection.workspace_id, email) if connection else None
    if person is None:
        return False
    as_user = person.role == Role.USER and person.contact_id == contact_id
    return person.converted or (as_user and not reported)


def _sighting(environment: Environment, message: QualifyReferral, row: Referral, rule: Rule) -> Sighting | None:
    """What the message reports about the tracked attribute; None: nothing."""
    if message.contact_id is None or message.topic in WITHOUT_VALUES:
        return None
    changed_at = message.updated_at if message.updated_at is not None else message.received_at
    if rule.reversible and message.topic == RECONCILED:  # a whole second: what a search shows stood at its end
        changed_at += WITHIN_THE_SECOND
    seen_at = min(changed_at, environment.clock.now())  # what is dated in the future could never be read again
    if rule.attribute != ROLE:
        reported = rule.attribute in message.values
        value = message.values.get(rule.attribute)
        return Sighting(message.contact_id, seen_at, value, attribute=rule.attribute) if reported else None
    signed_up = message.topic == SIGNED_UP or (_shows_user(message) and not shows_another_user(message, row))
    is_news = signed_up and not is_our_user(environment, row, message.contact_id, reported=message.topic == SIGNED_UP)
    return Sighting(message.contact_id, seen_at, str(Role.USER), attribute=ROLE) if is_news else None


def saw(one: Qualification, sighting: Sighting | None) -> Qualification:
    return one if sighting is None else one.saw(sighting)
