"""The catalogue's section "Worker and Intercom", played in the world. Each name begins with its number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.vendors.intercom.attributes import update_attribute
from sandbox.vendors.wire import Request, Response
from tests.simulation.aws.alarms import fired
from tests.simulation.aws.boundary import Flavour, NoFaults, When
from tests.simulation.aws.transport import Outage
from tests.simulation.conftest import MakeWorld
from tests.simulation.judge.oracle import assert_kept
from tests.simulation.settings import build_settings
from tests.simulation.world import INTERCOM_TOKEN, SECRETS, World

EMAIL = "ivo@example.com"
CREATE = "POST /contacts"


@pytest.mark.parametrize("role", ["lead", "user"])
@pytest.mark.parametrize("flavour", [Flavour.KILLED, Flavour.AFTER])
def test_33_34_a_create_that_is_not_recorded_is_not_made_again(make_world: MakeWorld, role: str, flavour: Flavour) -> None:
    world = make_world(settings={"invited": role})
    world.crossing.faults = When(lambda call: call.what == CREATE, flavour, times=1)
    world.sign_up(EMAIL)
    world.run(1_800)

    assert_kept(world)

    [contact] = world.contacts(EMAIL)
    assert contact.created_at - world.signups[5].at < 60


@pytest.mark.parametrize("role", ["lead", "user"])
def test_35_search_that_lags_ten_minutes_doubles_nobody(make_world: MakeWorld, role: str) -> None:
    world = make_world(settings={"invited": role}, search_lag=590.0)
    world.configure(build_settings(2, invited=role, name="Partner programme"))
    world.crossing.faults = When(lambda call: call.what == CREATE, Flavour.AFTER, times=1)
    world.sign_up(EMAIL)
    world.run(90)
    world.sign_up(EMAIL, campaign=2, referrer=4)
    world.run(3_000)
    assert_kept(world)


def test_36_a_conflict_on_create_is_a_success(make_world: MakeWorld) -> None:
    """A user is there that search does not show yet."""
    world = make_world(settings={"invited": "user", "duplicates": "update"})
    there = world.intercom.contacts.create({"role": "user", "email": EMAIL})
    world.known_contacts.add(there.id)

    signup = world.sign_up(EMAIL)
    world.run(60)

    row = world.stored(signup)
    assert row.contact_id == there.id

    assert_kept(world)


@pytest.mark.parametrize(("policy", "live"), [("unarchive", 1), ("skip", 0)])
def test_37_an_archived_contact_is_brought_back_or_left_with_a_reason(make_world: MakeWorld, policy: str, live: int) -> None:
    world = make_world(settings={"invited": "user", "archived": policy, "duplicates": "update"})
    there = world.add_contact(EMAIL)
    world.intercom.contacts.archive(there.id)

    signup = world.sign_up(EMAIL)
    world.run(60)

    row = world.stored(signup)
    assert len(world.contacts(EMAIL)) == live
    assert row.state == ("delivered" if live else "failed")
    assert live or row.reason


def _second_signup(world: World) -> None:
    world.configure(build_settings(2, invited="lead", name="Partner programme", duplicates="update"))
    world.sign_up(EMAIL, campaign=2, referrer=4)


def test_38_a_merged_contact_is_followed_to_the_survivor(make_world: MakeWorld) -> None:
    world = make_world(settings={"duplicates": "update"})
    first = world.sign_up(EMAIL)
    world.run(30)
    [lead] = world.contacts(EMAIL)
    user = world.intercom.contacts.create({"role": "user", "email": EMAIL})
    world.known_contacts.add(user.id)
    world.intercom.contacts.merge({"from": lead.id, "into": user.id})

    _second_signup(world)
    world.run(1_200)

    [survivor] = world.contacts(EMAIL)
    assert survivor.id == user.id

    row = world.row(2, max(world.signups))
    assert row is not None
    assert row.contact_id == user.id
    assert first.person.id != max(world.signups)


def test_39_93_a_contact_deleted_on_purpose_is_not_brought_back(make_world: MakeWorld) -> None:
    world = make_world(settings={"duplicates": "update"})
    signup = world.sign_up(EMAIL)
    world.run(30)
    [contact] = world.contacts(EMAIL)

    world.intercom.contacts.delete(contact.id)
    world.referral_factory.account.people[signup.person.id].first_name = "Changed"
    world.run(1_800)

    assert not world.contacts(EMAIL)

    row = world.stored(signup)
    assert (row.state, "brings a contact back" in row.reason) == ("failed", True)


def test_93_a_deleted_contact_that_cannot_be_unarchived_is_created_again_for_a_new_signup(make_world: MakeWorld) -> None:
    world = make_world(settings={"duplicates": "update"})
    world.sign_up(EMAIL)
    world.run(30)
    world.intercom.contacts.delete(world.contacts(EMAIL)[0].id)
    world.run(60)

    _second_signup(world)
    world.run(1_800)

    row = world.row(2, max(world.signups))
    assert row is not None
    assert (row.state, [row.contact_id]) == ("delivered", [one.id for one in world.contacts(EMAIL)])


def test_40_of_a_lead_and_a_user_the_user_is_used(make_world: MakeWorld) -> None:
    world = make_world(settings={"invited": "lead", "duplicates": "update"})
    world.add_contact(EMAIL, "lead")
    user = world.add_contact(EMAIL, "user")

    signup = world.sign_up(EMAIL)
    world.run(30)

    row = world.stored(signup)
    assert row.contact_id == user.id
    assert row.notes
    assert len(world.contacts(EMAIL)) == 2


@pytest.mark.parametrize("role", ["lead", "user"])
def test_41_two_campaigns_in_the_same_second_share_one_contact(make_world: MakeWorld, role: str) -> None:
    world = make_world(settings={"invited": role})
    world.configure(build_settings(2, invited=role, name="Partner programme"))
    rows = [world.sign_up(EMAIL, campaign=1), world.sign_up(EMAIL, campaign=2, referrer=4)]
    world.run(1_200)

    assert_kept(world)

    assert len({row.contact_id for one in rows if (row := world.row_of(one))}) == 1


def test_42_a_changed_e_mail_makes_no_second_contact(make_world: MakeWorld) -> None:
    world = make_world(settings={"invited": "user", "duplicates": "update"})
    signup = world.sign_up(EMAIL)
    world.run(30)

    world.referral_factory.account.people.change_email(signup.person, "ivo.new@example.com")
    world.run(1_800)

    assert len(world.contacts()) == 1


@pytest.mark.parametrize("how", ["refused", "hang", 503])
def test_43_intercom_down_for_25_minutes_makes_nobody_late(make_world: MakeWorld, how: str | int) -> None:
    world = make_world(settings={"invited": "user"})
    world.transport.outages.append(Outage("intercom", world.now(), world.now() + 1_500, how))
    for number in range(30):
        world.at(world.now() + number * 45, lambda number=number: world.sign_up(f"p{number}@example.com"))
    world.run(1_500 + 600)

    verdict = assert_kept(world)

    assert not verdict.late
    assert "BreakerOpenAlarm" in fired(world)


def test_44_an_intercom_that_is_slow_delivers_slowly_and_once(world: World) -> None:
    world.transport.slowness["intercom"] = 9.0
    for number in range(8):
        world.sign_up(f"p{number}@example.com")
    world.run(1_800)
    assert_kept(world)


@pytest.mark.parametrize("skew", [-7_200.0, 0.0, 7_200.0])
def test_45_a_rate_limit_is_waited_out_whatever_the_clocks_say(make_world: MakeWorld, skew: float) -> None:
    world = make_world(settings={"invited": "user"}, intercom={"limit_per_window": 12})
    world.transport.skew = skew

    for number in range(30):
        world.sign_up(f"p{number}@example.com")
    world.run(900)

    assert all((row := world.row_of(one)) and row.state == "delivered" for one in world.signups.values())
    assert len(world.contacts()) == 30


@pytest.mark.parametrize("reset", [None, "", "soon", -7_200.0, 7_200.0])
def test_45_429s_are_waited_out_but_never_for_long(make_world: MakeWorld, reset: str | float | None) -> None:
    """Somebody else has used Intercom's limit up. ``reset``: the header's text, or seconds from now; None: no header."""
    world = make_world(settings={"invited": "user"})
    answer, until = world.intercom.answer, world.now() + 30.0

    def refuse(request: Request) -> Response:
        if world.now() >= until:
            return answer(request)
        headers = {"X-RateLimit-Limit": "1666", "X-RateLimit-Remaining": "0"}
        if reset is not None:
            headers["X-RateLimit-Reset"] = reset if isinstance(reset, str) else str(int(world.now() + reset))
        return replace(world.intercom.refuse(429), headers=headers)

    world.intercom.answer = refuse  # type: ignore[method-assign]
    for number in range(20):
        world.sign_up(f"p{number}@example.com")
    world.run(300)

    assert 0 < world.transport.refused["intercom"] < 100
    assert len(assert_kept(world).arrived) == 20


def test_46_answers_that_cannot_be_read_are_tried_again(world: World) -> None:
    count = iter(range(10_000))
    world.crossing.faults = When(
        lambda call: call.service == "intercom" and next(count) % 2 == 0 and call.what != CREATE, Flavour.AFTER, times=6
    )
    for number in range(5):
        world.sign_up(f"p{number}@example.com")
    world.run(1_200)
    assert_kept(world)


def test_47_a_revoked_token_stops_everything_and_a_new_one_resumes_it(world: World) -> None:
    world.intercom.settings.tokens = ["another-token"]
    for number in range(10):
        world.sign_up(f"p{number}@example.com")
    world.run(900)

    assert "ConnectionLostAlarm" in fired(world)
    assert not world.contacts()
    assert all((row := world.row_of(one)) and row.state == "pending" for one in world.signups.values())

    world.intercom.settings.tokens = [INTERCOM_TOKEN]
    world.run(900)
    assert_kept(world)

    assert len(world.contacts()) == 10
    assert len(SECRETS) == 4


def test_48_a_refusal_for_one_contact_only_is_that_rows_alone(make_world: MakeWorld) -> None:
    world = make_world(settings={"invited": "user", "duplicates": "update"})
    forbidden = world.add_contact(EMAIL)
    answer = world.intercom.answer

    def forbid(request: Request) -> Response:
        if request.method == "PUT" and forbidden.id in request.path:
            return world.intercom.refuse(403)
        return answer(request)

    world.intercom.answer = forbid  # type: ignore[method-assign]
    refused = world.sign_up(EMAIL)
    for number in range(10):
        world.sign_up(f"p{number}@example.com")
    world.run(60)

    row = world.stored(refused)
    assert (row.state, bool(row.reason)) == ("pending", True)
    assert len(world.contacts()) == 11

    world.run(3 * 3_600)

    row = world.stored(refused)
    assert (row.state, bool(row.reason)) == ("failed", True)
    assert "ConnectionLostAlarm" not in fired(world)


def test_49_a_deleted_attribute_does_not_cost_the_contact(world: World) -> None:
    workspace = world.intercom.workspace
    gone = workspace.attributes["contact", "referral_link"]
    update_attribute(workspace, str(gone.id), {"archived": True})

    signup = world.sign_up(EMAIL)
    world.run(30)

    row = world.stored(signup)
    assert row.state == "partial"
    assert "referral_link" in row.reason
    assert world.contacts(EMAIL)[0].custom_attributes["referrer_first_name"] == "Ada"


def test_49_an_attribute_that_is_back_is_sent_again_by_itself(world: World) -> None:
    workspace = world.intercom.workspace
    gone = workspace.attributes["contact", "referral_link"]
    update_attribute(workspace, str(gone.id), {"archived": True})
    signup = world.sign_up(EMAIL)
    world.run(1_800)

    update_attribute(workspace, str(gone.id), {"archived": False})
    world.run(3_600)

    row = world.stored(signup)
    assert row.state == "delivered"
    assert world.contacts(EMAIL)[0].custom_attributes["referral_link"]


def test_50_a_value_that_is_too_long_does_not_cost_the_contact(world: World) -> None:
    world.referral_factory.account.people[1].first_name = "A" * 400

    signup = world.sign_up(EMAIL)
    world.run(30)

    row = world.stored(signup)
    assert str(row.state) == "partial"
    assert [drop.attribute for drop in row.dropped] == ["custom_attributes.referrer_first_name"]
    assert len(world.contacts(EMAIL)) == 1


def test_51_without_faults_a_signup_costs_two_calls_and_one_check(world: World) -> None:
    world.sign_up("first@example.com")
    world.run(5)
    before = world.calls("intercom")

    world.sign_up(EMAIL)
    world.run(30)

    assert world.calls("intercom") - before == 2


def test_92_what_somebody_else_creates_at_the_same_time_is_found_by_the_check(make_world: MakeWorld) -> None:
    world = make_world(settings={"invited": "lead"})
    world.sign_up(EMAIL)
    world.run(2)
    world.known_contacts.add(world.intercom.contacts.create({"role": "lead", "email": EMAIL}).id)

    world.crossing.faults = NoFaults()
    world.run(1_300)

    assert world.counted("PossiblyDoubled") == 1
    assert "NeedsAttentionAlarm" in fired(world)
