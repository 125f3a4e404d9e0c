"""The whole way of a signup over HTTP: forms, audiences, actions, duplicates, holding; from webhook to contact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from sandbox.stack.stack import Stack
from shared.domain.signup.state import State
from tests.contract.intercom_openapi import needs_description, validate_request
from tests.integration.over_http import OverHttp, new_id, wait_for
from tests.support.documents import mapping

pytestmark = pytest.mark.stack
NOT_DESCRIBED = "/auth/eagle/token"
"""OAuth's, which Intercom's description leaves out. The stand-in's calls are those of all tests on this stack so far."""
ALONE: dict[str, Any] = {f"referrer_{name}": None for name in ("id", "code", "first_name", "email")} | {"source": "Direct"}


@pytest.fixture(scope="module")
def outside(stack: Stack) -> Iterator[OverHttp]:
    """Search without lag, so that contacts of the tests count as there before."""
    outside = OverHttp(stack)
    before = outside.admin("GET", "settings")["search_lag_seconds"]
    outside.admin("PUT", "settings", {"search_lag_seconds": 0})
    yield outside
    outside.admin("PUT", "settings", {"search_lag_seconds": before})
    outside.close()


@pytest.fixture(scope="module")
def campaign(outside: OverHttp) -> int:
    return outside.configure(aliases={"E-mail address": "email", "Vorname": "first_name"})


def given(outside: OverHttp, role: str, **fields: Any) -> dict[str, Any]:
    """A contact that was there before."""
    contact: dict[str, Any] = outside.intercom(
        "POST", "/contacts", {"role": role, "email": f"given{new_id()}@example.com", **fields}
    )
    return contact


def test_a_signup_is_in_intercom_with_all_mapped_facts_referrer_defaults_and_initial_value(
    outside: OverHttp, campaign: int
) -> None:
    row = outside.row(outside.sign_up(campaign))
    contact = outside.contact_of(row)

    values = {name: value for name, value in contact["custom_attributes"].items() if value is not None}
    assert contact["role"] == "lead"
    assert contact["name"] == "Ivo Lindqvist"
    assert row.state == State.DELIVERED
    assert values == {
        "referral_link": row.person.url,
        "referrer_first_name": "Rita",
        "referrer_email": "rita.referring@example.com",
        "referral_campaign": "Friends of ours",
        "lead_source": "referral",
        "referral_status": "New",
    }


def test_json_forms_query_strings_get_post_and_aliases_all_lead_to_a_contact(outside: OverHttp, campaign: int) -> None:
    ids = [new_id() for _ in range(6)]
    flat = [{"id": number, "source": "Referred", "first_name": "Ivo", "email": f"form{number}@example.com"} for number in ids]
    aliased = {"id": ids[5], "source": "Referred", "Vorname": "Ivo", "E-mail address": f"form{ids[5]}@example.com"}
    form = "application/x-www-form-urlencoded"
    answers = [
        outside.post(campaign, flat[0]),
        outside.post(campaign, flat[1], content_type="text/plain"),
        outside.post(campaign, urlencode(flat[2]).encode(), content_type=form),
        outside.post(campaign, query=urlencode(flat[3])),
        outside.post(campaign, method="GET", query=urlencode(flat[4])),
        outside.post(campaign, urlencode(aliased).encode(), content_type=form),
    ]
    assert [answer.status_code for answer in answers] == [202] * 6

    for number in ids:
        row = outside.row((campaign, number))
        contact = outside.contact_of(row)
        assert (contact["name"], contact["email"]) == ("Ivo", f"form{number}@example.com")


def test_both_audiences_with_each_action(outside: OverHttp) -> None:
    expected = []
    for action in ("none", "lead", "user"):
        section = {"action": action, "mapping": mapping()}
        number = outside.configure(person_invited=section, person_referring=section)
        expected += [(action, outside.sign_up(number)), (action, outside.sign_up(number, **ALONE))]
    for action, key in expected:
        row = outside.row(key)
        roles = [contact["role"] for contact in outside.contacts(row.person.email or "")]
        assert (row.state, roles) == ((State.NOT_WANTED, []) if action == "none" else (State.DELIVERED, [action]))


@pytest.mark.parametrize("role", ["lead", "user"])
def test_a_contact_that_was_there_before_is_left_alone_under_skip(outside: OverHttp, campaign: int, role: str) -> None:
    before = given(outside, role, name="Old name")
    row = outside.row(outside.sign_up(campaign, email=before["email"]))
    (after,) = outside.contacts(before["email"])
    assert (row.state, row.contact_id) == (State.SKIPPED, before["id"])
    assert after == before


def test_a_contact_that_was_there_before_is_overwritten_only_for_people_referral_factory_knows(
    outside: OverHttp,
) -> None:
    number = outside.configure(person_invited={"action": "user", "duplicates": "update"})

    before = given(outside, "lead", name="Old name", custom_attributes={"lead_source": "website"})

    row = outside.row(outside.sign_up(number, email=before["email"]))
    (after,) = outside.contacts(before["email"])
    assert row.state is State.FAILED
    assert "does not know this signup" in row.reason
    assert after == before


def test_the_same_webhook_five_times_is_one_contact(outside: OverHttp, campaign: int) -> None:
    fields = outside.fields(campaign)
    for _ in range(5):
        assert outside.post(campaign, fields).status_code == 202

    row = outside.row((campaign, fields["id"]))
    assert len(outside.contacts(fields["email"])) == 1
    assert row.state is State.DELIVERED


def test_one_person_in_two_campaigns_is_one_contact(outside: OverHttp, campaign: int) -> None:
    other = outside.configure(name="Partners")
    fields = outside.fields(campaign)

    keys = [(campaign, fields["id"]), outside.sign_up(other, email=fields["email"])]
    assert outside.post(campaign, fields).status_code == 202

    states = {outside.row(key).state for key in keys}
    assert states == {State.DELIVERED, State.SKIPPED}  # the second campaign leaves what the first one made as it is
    assert len(outside.contacts(fields["email"])) == 1


@pytest.mark.parametrize("status", ["draft", "paused", None])
def test_a_campaign_that_is_not_active_holds_and_activation_releases_through_the_sweep(
    outside: OverHttp, status: str | None
) -> None:
    number = outside.configure(status=status) if status else new_id()
    key = outside.sign_up(number)

    held = outside.row(key, until=lambda row: row.state is State.HELD)
    assert (held.expires_at is None) is (status is not None)

    outside.sweep()

    assert outside.row(key, until=lambda _: True).state is State.HELD

    outside.configure(number)
    outside.sweep()

    row = outside.row(key)
    assert row.state is State.DELIVERED
    assert len(outside.contacts(row.person.email or "")) == 1


def test_a_webhook_that_names_nobody_wakes_reconcile_and_leaves_no_row(outside: OverHttp, campaign: int) -> None:
    before = len(outside.stack.logs("ReconcileFunction", 1_000))

    assert outside.post(campaign, {"email": f"nobody{new_id()}@example.com"}).status_code == 202

    outside.row(outside.sign_up(campaign))

    def has_run() -> bool:
        return len(outside.stack.logs("ReconcileFunction", 1_000)) > before

    assert wait_for(has_run, "a run of reconcile")


@needs_description
def test_every_call_of_the_stack_fits_intercoms_own_description(outside: OverHttp, campaign: int) -> None:
    outside.row(outside.sign_up(campaign))
    calls = outside.admin("GET", "calls")["calls"]
    assert {call["method"] for call in calls} >= {"GET", "POST"}
    for call in calls:
        if call["path"] != NOT_DESCRIBED:
            validate_request(call["method"], call["path"], call["body"])
