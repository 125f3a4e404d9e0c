"""A lead of ours beside a user with the same e-mail: merged into it where the campaign says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.domain.campaign.campaign import Campaign
from shared.domain.campaign.rule import ROLE, rule_of
from shared.domain.connection.connection import Connection
from shared.domain.contact import Contact, Role
from shared.domain.person import fold_email
from shared.domain.signup.referral import Referral
from shared.domain.timing import DELIVERY_LEASE
from shared.errors import ContactGoneError, OwnTroubleError, PermanentError, UnavailableError
from shared.messages import QualifyReferral
from shared.use_cases.contact.contact_of_row import address_of
from shared.use_cases.environment import Environment
from shared.use_cases.leases import leased


def merge_lead(environment: Environment, connection: Connection, row: Referral, hits: Sequence[Contact]) -> tuple[str, str]:
    """``hits``: all contacts with the row's e-mail, as search shows them. Answers the user's id, empty when the lead is still
    there, and why it is where Intercom did not merge it. Who follows merges moves the row to the user.

    Raises BusyError, and what stops all calls of Intercom.
    """
    campaign = environment.campaigns.find(row.campaign_id)
    others = [hit for hit in hits if hit.id != row.contact_id]
    if campaign is None or not row.ours or len(others) != 1:
        return "", ""
    may_merge = campaign.audience(row.audience).merge_leads
    if not may_merge and len(others) < len(hits):
        return "", ""
    try:
        user_id = _merge(environment, connection, campaign, row, others[0].id, may_merge=may_merge)
    except (PermanentError, OwnTroubleError, UnavailableError) as error:
        return "", str(error)
    if user_id:
        environment.qualification_queue.send(
            QualifyReferral(
                "contact.merged",
                environment.clock.now(),
                contact_id=user_id,
                merged_from=row.contact_id,
                campaign_id=row.campaign_id,
                user_id=row.user_id,
            )
        )
    return user_id, ""


def _merge(
    environment: Environment, connection: Connection, campaign: Campaign, row: Referral, user_id: str, *, may_merge: bool
) -> str:
    """Both are read first: what search shows may be minutes old. A merge that happened before, by somebody else or without an
    answer, is found by its lead."""
    email, lead_id, intercom = address_of(row), row.contact_id, environment.intercom(connection)
    with leased(environment, connection.workspace_id, email, DELIVERY_LEASE) as person:
        if lead_id is None or person.contact_id != lead_id or not person.ours:
            return ""
        try:
            user = intercom.get_contact(user_id)
        except ContactGoneError:
            return ""
        try:
            lead = intercom.get_contact(lead_id)
            if (
                not may_merge
                or lead.role != Role.LEAD
                or user.role != Role.USER
                or {fold_email(lead.email), fold_email(user.email)} != {email}
            ):
                return ""
            _remember_standing(environment, campaign, row, user)
            environment.people.save(replace(person, converted=True))  # whom we make a user of never qualifies by that
            intercom.merge_contacts(lead_id, user_id)
        except ContactGoneError as gone:
            return user_id if gone.canonical_id == user_id else ""
    return user_id


def _remember_standing(environment: Environment, campaign: Campaign, row: Referral, user: Contact) -> None:
    """A qualified value at which the user stands already does not count for the row."""
    rule = rule_of(campaign)
    if rule is None or rule.attribute == ROLE:
        return
    value = user.value(rule.attribute)
    if rule.matches(value):
        environment.campaigns.watch_departures(campaign.campaign_id, environment.clock.now())
    environment.referrals.update(
        row.campaign_id, row.user_id, lambda one: replace(one, standing={**one.standing, user.id: value})
    )
