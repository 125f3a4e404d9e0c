"""Counts that a contact is not given: who is to see it, how it ends, and what brings it back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shared.domain.signup.referral import CONTACT_COUNTS
from tests.support.console_api import Console
from tests.support.referring import RITA, Story

DIRECT = {"referrer_id": None, "referrer_email": None, "referrer_code": None, "source": "Direct"}
DAY = 86_400.0
BOTH = ("referral_count", "converted_referral_count")


@pytest.fixture
def story() -> Story:
    made = Story()
    made.app.sign_up(id=made.rita.id, email=RITA, first_name="Rita", **DIRECT)
    made.invites()
    made.passes()
    assert made.counts() == (1, 0)
    made.app.forget_calls()
    return made


def refuse(story: Story, status: int, *names: str, times: int | None = None) -> None:
    errors = [{"code": "parameter_invalid", "message": f"{name} is invalid", "field": name} for name in names]
    body = json.dumps({"type": "error.list", "errors": errors}) if names else None
    fault = {"kind": "status", "status": status, "body": body, "method": "PUT", "path": "^/contacts", "times": times}
    story.app.wire.faults.add({**fault, "id": f"refused {names}" if names else "refused"})


def refusals(story: Story) -> dict[str, str]:
    return dict(story.app.row(story.rita.id).refusals)


@pytest.mark.parametrize("rounds", [[BOTH], [BOTH[:1], BOTH[1:]]])
def test_two_attributes_that_intercom_refuses_cost_only_themselves(rounds: list[tuple[str, ...]]) -> None:
    story = Story()
    story.app.sign_up(id=story.rita.id, email=RITA, first_name="Rita", **DIRECT)
    story.rewarding("amount", "20.00")
    for names in rounds:
        refuse(story, 400, *names, times=1)
    story.qualifies(story.invites())

    story.webhooks()
    story.passes(60)

    assert story.counts() == (None, None)
    assert len(story.writes()) == len(rounds) + 1
    assert story.shown() != {}, "the rest was written"
    assert CONTACT_COUNTS in refusals(story)


@pytest.mark.parametrize("status", [403, 500])
def test_a_contact_that_is_refused_for_ever_is_seen_asked_less_and_less_and_ends(story: Story, status: int) -> None:
    refuse(story, status)
    story.invites()
    story.passes(8 * 3_600, step=60)

    console = Console(story.app)

    (shown,) = console.get("/api/referrals", "attention=true")["items"]
    assert (shown["user_id"], list(shown["refusals"])) == (story.rita.id, [CONTACT_COUNTS])
    assert len(story.writes()) <= 30

    story.app.forget_calls()
    story.passes(DAY, step=120)

    assert len(story.writes()) <= 30

    story.passes(20 * DAY, step=7_200)
    story.app.forget_calls()
    story.passes(3 * DAY, step=7_200)

    assert story.writes() == []
    assert list(refusals(story)) == [CONTACT_COUNTS]


def test_the_next_mark_or_a_person_brings_back_what_rests(story: Story) -> None:
    refuse(story, 403)
    story.invites()
    story.passes(8 * 3_600, step=60)

    assert CONTACT_COUNTS in refusals(story)

    story.app.wire.faults.remove("refused")
    story.invites()
    story.passes(120)

    assert story.counts() == (3, 0)
    assert refusals(story) == {}


@pytest.mark.parametrize(("status", "writes"), [("paused", 0), ("active", 1)])
def test_counts_that_intercom_had_no_attribute_for_are_sent_once_it_has_but_for_no_paused_campaign(
    story: Story, status: str, writes: int
) -> None:
    attributes = story.app.intercom.workspace.attributes
    there = {name: attributes["contact", name] for name in BOTH}
    for name, one in there.items():
        attributes["contact", name] = replace(one, archived=True)
    story.app.environment = story.app.new_environment()

    story.invites()
    story.passes()

    assert CONTACT_COUNTS in refusals(story)

    story.app.configure(status=status)
    attributes.update({("contact", name): one for name, one in there.items()})
    story.app.forget_calls()

    story.passes(3_600, step=300)

    assert len(story.writes()) == writes

    mark = story.mark()
    assert mark is not None
    assert mark.due_at is None, "nothing goes on waiting"


def test_a_person_sends_it_again(story: Story) -> None:
    refuse(story, 403)
    story.invites()
    story.passes(8 * 3_600, step=60)
    story.app.wire.faults.remove("refused")

    Console(story.app).post(f"/api/referrals/1/{story.rita.id}/replay")
    story.passes(120)

    assert story.counts() == (2, 0)
    assert refusals(story) == {}


def test_an_outage_fails_nobodys_counts(story: Story) -> None:
    story.app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts", "id": "down"})
    story.invites()
    story.app.sign_up(id=4242, email="other@example.com")
    for _ in range(12):
        story.passes(3_600, step=60)
        story.app.work()

    story.app.wire.faults.remove("down")
    story.passes(1_200, step=30)

    assert refusals(story) == {}
    assert story.counts()[0] == 2


def test_one_person_that_referral_factory_answers_with_errors_is_asked_about_less_and_less(story: Story) -> None:
    story.app.wire.faults.add({"kind": "status", "status": 500, "path": f"^/api/v2/users/{story.rita.id}", "id": "down"})
    story.invites()
    asked = 0

    for _ in range(12 * 24):
        story.app.forget_calls()
        story.passes(300, step=60)
        asked += len(story.asked())
        story.app.poll_rewards()  # which is answered

    assert asked <= 40
    assert CONTACT_COUNTS in refusals(story)


def test_an_attribute_that_is_back_is_written(story: Story) -> None:
    attributes = story.app.intercom.workspace.attributes
    before = attributes["contact", "referral_count"]
    attributes["contact", "referral_count"] = replace(before, archived=True)

    story.invites()
    story.passes(120)

    assert "archived" in refusals(story)[CONTACT_COUNTS]

    attributes["contact", "referral_count"] = before
    story.passes(3_600, step=60)
    story.app.work()
    story.passes(600)

    assert story.counts()[0] == 2
    assert refusals(story) == {}
