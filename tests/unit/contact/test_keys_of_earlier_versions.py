"""Earlier versions kept an address under its host as people read it. After an upgrade nobody is doubled or forgotten."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.signup.person_record import Reservation
from shared.domain.signup.referral_filter import ReferralFilter
from shared.domain.signup.state import State
from shared.domain.sync.member import SyncMember
from tests.support.builders import App

EMAIL = "info@bücher.example"
NOW_KEPT_AS = "info@xn--bcher-kva.example"


def _in_earlier_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_earlier_words(inner) for name, inner in value.items()}
    return value.replace(NOW_KEPT_AS, EMAIL) if isinstance(value, str) else value


def upgrade(app: App) -> None:
    """Everything is stored as an earlier version kept it, and this one goes on."""
    client = app.dynamodb.real
    key = next((one["hash_key"]["S"] for one in app.rows_of("ERASED") if one["sk"]["S"] == "KEY"), "")
    hashed = {hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest(): text for text in (NOW_KEPT_AS, EMAIL)}
    before, after = hashed
    for item in app.rows_of(""):
        earlier = _in_earlier_words(item)
        earlier["pk"] = {"S": earlier["pk"]["S"].replace(before, after)}
        client.delete_item(TableName="referrals", Key={"pk": item["pk"], "sk": item["sk"]})
        client.put_item(TableName="referrals", Item=earlier)


@pytest.fixture
def app() -> App:
    app = App(search_lag=600.0)
    app.configure()
    return app


def sign_up(app: App, user_id: int, email: str = EMAIL) -> State:
    app.sign_up(id=user_id, email=email)
    return app.row(user_id).state


def test_a_person_who_is_known_gets_no_second_contact_while_search_lags(app: App) -> None:
    assert sign_up(app, 42) is State.DELIVERED

    upgrade(app)
    app.forget_calls()

    assert sign_up(app, 43, NOW_KEPT_AS) is State.SKIPPED
    assert sign_up(app, 44) is State.SKIPPED
    assert "POST /contacts" not in app.calls()
    assert len(app.intercom.workspace.contacts) == 1


def test_a_lead_whose_create_was_not_answered_before_the_upgrade_is_created_once(app: App) -> None:
    app.wire.faults.add({"kind": "lost_answer", "method": "POST", "path": "^/contacts$", "times": 1})
    app.sign_up(email=EMAIL)

    assert len(app.intercom.workspace.contacts) == 1
    assert not app.row().finished

    upgrade(app)
    for _ in range(40):
        app.wait(30)
        app.sweep()

    assert app.row().state is State.DELIVERED
    assert len(app.intercom.workspace.contacts) == 1


def test_a_worker_of_the_earlier_version_that_is_at_the_person_is_waited_for(app: App) -> None:
    app.environment.people.lease("local-workspace", EMAIL, "an earlier worker", app.clock.now(), 60.0)
    upgrade(app)
    app.sign_up(email=EMAIL)

    assert not app.row().finished
    assert not app.intercom.workspace.contacts

    app.wait(61)
    app.work()
    app.sweep()

    assert app.row().state is State.DELIVERED


def test_a_contact_that_was_deleted_stays_deleted_and_a_new_signup_is_delivered(app: App) -> None:
    now = app.clock.now()
    person = app.environment.people.lease("local-workspace", EMAIL, "us", now, 60.0)
    app.environment.people.save(type(person)(**{**_fields(person), "erased_at": now + 1}))
    app.environment.people.release(person)

    upgrade(app)

    assert sign_up(app, 42) is State.ERASED

    app.wait(5)

    assert sign_up(app, 43) is State.DELIVERED


@pytest.mark.parametrize(
    "known",
    [
        {"contact_id": "a" * 24},
        {"contact_id": None, "erased_at": 1.0},
        {"contact_id": None, "reservation": Reservation(1.0, 1.0, "lead")},
    ],
    ids=["another contact", "an erasure", "a create in doubt"],
)
def test_what_this_version_knows_of_somebody_counts_whatever_the_earlier_one_knew(app: App, known: dict[str, Any]) -> None:
    sign_up(app, 42)
    upgrade(app)
    people, now = app.environment.people, app.clock.now()

    person = people.lease("local-workspace", EMAIL, "us", now, 60.0)

    assert person.contact_id == app.row().contact_id

    people.save(replace(person, **known))
    people.release(person)

    again = people.lease("local-workspace", EMAIL, "others", now, 60.0)

    assert {name: getattr(again, name) for name in known} == known


def _fields(person: Any) -> dict[str, Any]:
    return {name: getattr(person, name) for name in type(person).__slots__}


def test_somebody_who_asked_to_be_forgotten_stays_forgotten(app: App) -> None:
    sign_up(app, 42)
    app.environment.erasures.erase(EMAIL, app.clock.now() + 1, lambda: 60.0)
    upgrade(app)

    assert app.environment.erasures.erased_at(EMAIL) is not None
    assert app.environment.erasures.erased_among([NOW_KEPT_AS, "x@example.com"]) == {NOW_KEPT_AS}


def test_who_asks_to_be_forgotten_is_found_under_both_keys(app: App) -> None:
    sign_up(app, 42)
    app.environment.sync_members.save(SyncMember(1, NOW_KEPT_AS, user_id=9))
    upgrade(app)
    sign_up(app, 43)

    app.environment.erasures.erase(EMAIL, app.clock.now() + 1, lambda: 60.0)

    left = [item for item in app.rows_of("") if EMAIL in str(item) or NOW_KEPT_AS in str(item)]
    assert left == []


def test_a_member_of_a_sync_is_not_added_again(app: App) -> None:
    members = app.environment.sync_members
    members.save(SyncMember(1, NOW_KEPT_AS, user_id=9, created=True))

    upgrade(app)

    found = members.find(1, EMAIL)
    assert found is not None
    assert found.email == NOW_KEPT_AS
    assert found.user_id == 9
    assert found.created is True
    assert members.find_all([(1, NOW_KEPT_AS)]) == {(1, NOW_KEPT_AS): found}

    saved = members.save(found)
    assert members.find(1, EMAIL) == saved
    assert members.find_all([(1, NOW_KEPT_AS)]) == {(1, NOW_KEPT_AS): saved}


def test_the_row_is_found_by_its_address(app: App) -> None:
    sign_up(app, 42)
    upgrade(app)
    sign_up(app, 43)
    for written in (EMAIL, NOW_KEPT_AS, "INFO@BÜCHER.EXAMPLE"):
        assert set(app.environment.referrals.referrals_of_email(written)) == {(1, 42), (1, 43)}
        found = app.environment.referral_search.search(ReferralFilter(email=written), 10).items
        assert {row.user_id for row in found} == {42, 43}


def test_an_attribute_stays_with_the_campaign_that_has_it(app: App) -> None:
    claims = app.environment.claims
    claims.attributes("local-workspace", EMAIL, 1, ["referral_count"], {})
    second = claims.second("local-workspace", EMAIL, 100)

    upgrade(app)

    assert claims.attributes("local-workspace", EMAIL, 2, ["referral_count", "other"], {}) == {"referral_count": 1, "other": 2}
    assert claims.second("local-workspace", EMAIL, 100) == second + 1
    assert claims.attributes("local-workspace", EMAIL, 3, ["referral_count", "other"], {}) == {"referral_count": 1, "other": 2}
    assert claims.second("local-workspace", EMAIL, 100) == second + 2


def test_a_contact_is_known_by_its_address_also_once_something_was_claimed_under_the_new_key(app: App) -> None:
    sign_up(app, 42)
    upgrade(app)
    for _ in range(2):
        person = app.person(EMAIL)
        assert person is not None
        assert person.contact_id == app.row().contact_id
        app.environment.claims.second("local-workspace", EMAIL, 100)
