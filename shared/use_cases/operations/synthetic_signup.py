"""Once a day we sign up ourselves, through our own API, and look whether the contact comes to Intercom.

A signup that nobody worries about shows what no other alarm does: that one arrives. The last one's progress is stored under
``SYNTHETIC_PROGRESS``; every run in which all is well counts a heartbeat.
"""

from __future__ import annotations

from dataclasses import asdict, replace

from shared.domain.person import fold_email
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import IN_INTERCOM
from shared.domain.signup.synthetic import SyntheticSignup
from shared.errors import ConnectionLostError, FailureError
from shared.observability import logger
from shared.use_cases.environment import Environment

SYNTHETIC_PROGRESS = "synthetic"
OWN_WITHIN = 3_600.0
"""Seconds before its first try that its row may be old: from a run whose progress could not be stored."""


def see_to_synthetic_signup(environment: Environment) -> SyntheticSignup:
    """Posts the next one when it is time, else looks for the last one's contact. Raises TransientError when its progress can
    be neither read nor written."""
    now = environment.clock.now()
    signup = _last(environment)
    if signup.is_due(now):
        signup = signup.to_post(now)
        signup = replace(signup, accepted=_is_accepted(environment, signup))
        environment.progresses.save(SYNTHETIC_PROGRESS, asdict(signup))
    elif signup.arrived_at is None and (row := _arrived(environment, signup)) is not None:
        signup = replace(signup, arrived_at=now)
        environment.progresses.save(SYNTHETIC_PROGRESS, asdict(signup))
        seconds = (row.delivered_at or now) - signup.began_at
        environment.metrics.gauge("SyntheticSignupSeconds", seconds)
        logger.info("synthetic signup arrived", user_id=row.user_id, seconds=seconds)
    if signup.works(now):
        environment.metrics.count("SyntheticSignupWorks")
    return signup


def _last(environment: Environment) -> SyntheticSignup:
    """As stored; what a newer version added is ignored."""
    stored = environment.progresses.find(SYNTHETIC_PROGRESS) or {}
    fields = {name: value for name, value in stored.items() if name in SyntheticSignup.__slots__}
    return SyntheticSignup(**fields)  # type: ignore[arg-type]


def _is_accepted(environment: Environment, signup: SyntheticSignup) -> bool:
    person = signup.person(environment.synthetic_email)
    try:
        accepted = environment.post_signup(environment.synthetic_campaign_id, person)
    except FailureError as error:
        logger.warning("synthetic signup not posted", error=type(error).__name__, vendor=error.vendor, code=error.code)
        return False
    logger.info("synthetic signup posted", user_id=person.user_id, accepted=accepted)
    return accepted


def _arrived(environment: Environment, signup: SyntheticSignup) -> Referral | None:
    """Its row, once the contact is in Intercom; None as long as nobody can tell."""
    user_id = signup.person(environment.synthetic_email).user_id
    try:
        row = environment.referrals.find(environment.synthetic_campaign_id, user_id)
        if row is not None and row.accepted_at < signup.began_at - OWN_WITHIN:
            logger.error("synthetic signup forestalled", user_id=user_id)  # by somebody who has the webhook secret
            return None
        if row is not None and row.state in IN_INTERCOM and row.contact_id and _is_there(environment, row.contact_id):
            return row
    except FailureError as error:
        logger.warning("synthetic signup not seen", error=type(error).__name__, vendor=error.vendor, code=error.code)
        return None
    logger.info("synthetic signup not there", user_id=user_id, state=str(row.state) if row else "no row")
    return None


def _is_there(environment: Environment, contact_id: str) -> bool:
    """Whether Intercom shows the contact with the test address. Raises what the Intercom port raises."""
    guard = environment.intercom_guard
    guard.admit()
    try:
        contact = environment.intercom().get_contact(contact_id)
    except ConnectionLostError:
        guard.connection_lost()
        raise
    except FailureError as error:
        guard.failed(error)
        raise
    guard.succeeded()
    return fold_email(contact.email) == fold_email(environment.synthetic_email)
