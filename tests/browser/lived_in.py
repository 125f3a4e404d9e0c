"""An application in memory that is in use for two months: every page of the console has something to show."""

from __future__ import annotations

from dataclasses import replace

from sandbox.vendors.referral_factory.records import Person as Member
from shared.domain.connection.connection import Vendor
from shared.domain.mapping import Dropped
from shared.domain.person import Audience, Person, Referrer
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from tests.browser.in_memory import at_our_own_address
from tests.support.clock import NOW
from tests.support.console_api import Console
from tests.support.syncing import SyncApp, sync_section

DAY, HOUR = 86_400.0, 3_600.0
DAYS = 56
"""As far back as the overview compares."""
FRIENDS = 2 * DAYS
TODAY = NOW + 10.4 * HOUR
BY_HAND = 20.0 * HOUR
NAMES = (
    *("Lena", "Omar", "Sofía", "Jonas", "Amélie", "Kwame", "Ingrid", "Mateo", "Priya", "Tomasz", "Yuki", "Clara"),
    *("Élodie", "Nils", "Fatima", "Hugo", "Maja", "Andrei", "Zoë", "Bartholomew-Alexander", "Ruth", "Dmitri", "Noor", "Pia"),
)
SURNAMES = ("Brook", "Okafor", "Lind", "Moreau", "Haddad", "Novak", "Reyes", "Sato", "Vogel", "Wójcik", "Castellanos-Montoya")
HAND_MADE = {"failed": 9_001, "new": 9_002}
"""People who came by the real way, each with its calls to Intercom."""


def lived_in() -> Console:
    app = SyncApp()
    app.clock.at = TODAY - DAYS * DAY
    console = at_our_own_address(Console(app))
    console.post("/api/connection/intercom", {"access_token": "local-intercom-token"})
    rewards = {"issue_due": False, "last_reward": None, "rewards_total": None, "reward_status": None}
    app.configure(sync=sync_section(mode="once"))
    app.configure(sync=sync_section(mode="once"), rewards={**rewards, "last_reward": "custom_attributes.lead_source"})
    names = ("Rita", "Bruno", "Samira", "Chidi")
    referrers = [app.joined(f"{name.lower()}.referring@example.com", first_name=name) for name in names]
    for number in range(FRIENDS):
        passed = ((number + 1) / FRIENDS) ** 0.7  # more come at the end than at the beginning
        app.clock.at = max(app.clock.at, TODAY - DAYS * DAY * (1 - passed) - 2 * HOUR)
        if number == FRIENDS // 2:
            app.add_many(40)
            app.sync()
            _read_the_list(app)
        _befriend(app, number, referrers[number * number % 7 % len(referrers)])
    app.clock.at = TODAY - HOUR / 2
    _by_hand(app, referrers[0])
    app.post("{this is no JSON")
    app.clock.at = TODAY - 60
    app.environment.figures.received(Vendor.INTERCOM, "contact.user.updated", TODAY - 3 * HOUR)
    app.environment.figures.flush()
    app.sweep()
    _read_the_list(app)
    app.clock.at = TODAY
    return console


def _read_the_list(app: SyncApp) -> None:
    app.reconcile(full=True)
    while app.reconcile_enqueued():
        pass
    app.work()


def _befriend(app: SyncApp, number: int, by: Member) -> None:
    account, now = app.referral_factory.account, app.clock.at
    name, surname = NAMES[number % len(NAMES)], SURNAMES[number % len(SURNAMES)]
    email = f"{name}.{surname}{number}@example.com".lower().encode("ascii", "ignore").decode()
    member = account.join(
        account.campaigns[1], first_name=name, email=email, source="Referred", referrer=by, meta={"Last Name": surname}
    )
    person = Person(
        member.id,
        audience=Audience.PERSON_INVITED,
        first_name=name,
        email=email,
        code=member.code,
        url=account.url(member.code),
        meta={"Last Name": surname},
        referrer=Referrer(by.id, by.first_name, by.email),
    )
    state = {17: State.SKIPPED, 41: State.NOT_WANTED, 73: State.PARTIAL, 90: State.SKIPPED, 104: State.PARTIAL}.get(number)
    contact = {"contact_id": f"{number:024x}", "workspace_id": "local-workspace"}
    row = Referral(1, member.id, state or State.DELIVERED, person, now, delivered_at=now + 4, verified_at=now + 60, **contact)
    row = row.with_event(now, Happened.WEBHOOK_JOINED).with_event(now + 4, Happened.CREATED)
    app.environment.figures.count(1, "signups", now)
    if state is State.PARTIAL:
        left_out = Dropped("custom_attributes.team", "Intercom has no such attribute.")
        row = replace(row, reason="Intercom does not have every attribute.", dropped=(left_out,))
    if state is State.NOT_WANTED:
        row = replace(row, delivered_at=None, contact_id=None, reason="The settings send nobody who signs up so.")
    else:
        app.environment.figures.count(1, "delivered", now)
        app.environment.figures.delivered_in(1, 3.0 if number % 9 else 40.0, now)
    if state is None and number % 3 == 0 and number < FRIENDS - 6:
        row = row.with_event(now + BY_HAND, Happened.QUALIFIED)
        for what in ("qualified", "rewarded"):
            app.environment.figures.count(1, what, now)
    app.environment.referrals.add(row)
    app.environment.figures.flush()


def _by_hand(app: SyncApp, by: Member) -> None:
    known = {"referrer_id": by.id, "referrer_first_name": by.first_name, "referrer_email": by.email}
    app.wire.faults.add({"kind": "status", "status": 400, "method": "POST", "path": "^/contacts$"})
    app.sign_up(id=HAND_MADE["failed"], first_name="Nadia", email="nadia.needle@example.com", **known)
    app.sign_up(id=9_003, first_name="Wim", email="wim.wolters@example.com", **known)
    app.wire.faults.clear()
    app.sign_up(id=HAND_MADE["new"], **known)
