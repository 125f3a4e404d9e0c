"""The overview's figures and alarms, the preview, and what settings are chosen from."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.connection.connection import Vendor
from shared.domain.operations.figures import BOUNDS, class_of, percentile
from shared.domain.signup.state import State
from shared.domain.sync.member import SyncMember
from shared.domain.timing import DAY
from shared.errors import TransientError
from shared.messages import QualifyReferral
from tests.support.builders import EMAIL, App
from tests.support.clock import NOW
from tests.support.console_api import Console
from tests.support.documents import campaign_document, mapping

PERSON = {"first_name": "Ivo", "email": "Ivo.Invited@Example.com", "meta": {"Last Name": "Lindqvist"}}


def alarms(console: Console) -> list[str]:
    return [alarm["kind"] for alarm in console.get("/api/overview")["alarms"]]


# -- overview ---------------------------------------------------------------------------------------------------------


def test_the_funnel_counts_each_person_once(app: App, console: Console) -> None:
    for user_id in (1, 2, 3):
        app.sign_up(id=user_id, email=f"p{user_id}@example.com")
        app.sign_up(id=user_id, email=f"p{user_id}@example.com", first_name="Other")

    app.sign_up(id=4, email="no address")
    app.environment.flush()

    shown = console.get("/api/overview")
    assert {step: shown["total"][step] for step in ("signups", "delivered", "failed")} == {
        "signups": 4,
        "delivered": 3,
        "failed": 1,
    }
    assert [(row["campaign_id"], row["signups"]) for row in shown["campaigns"]] == [(1, 4)]
    assert shown["all_time"]["signups"] == 4
    assert shown["days"][-1]["day"] == "2026-11-22"
    assert shown["days"][-1]["delivered"] == 3
    assert len(shown["days"]) == 14
    assert shown["attention"] == 1


def test_a_contact_that_was_there_counts_as_delivered_without_a_time(console: Console) -> None:
    console.app.given()

    console.app.sign_up()
    console.app.environment.flush()

    shown = console.get("/api/overview")
    assert shown["total"]["delivered"] == 1
    assert shown["total"]["skipped"] == 1
    assert shown["p50"] is None


def test_delivery_times_are_shown_by_their_class(app: App, console: Console) -> None:
    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts"})
    app.sign_up()

    app.wire.faults.clear()
    app.wait(40)
    app.work()

    assert app.row().state is State.DELIVERED

    app.environment.flush()

    shown = console.get("/api/overview", "days=1")
    assert (shown["p50"], shown["p99"]) == (45.0, 45.0)


def test_percentiles_are_upper_bounds() -> None:
    assert percentile({}, 0.5) is None
    assert percentile({class_of(0.3): 98, class_of(100): 2}, 0.5) == 1
    assert percentile({class_of(0.3): 98, class_of(100): 2}, 0.99) == 120
    assert class_of(10**9) == len(BOUNDS) - 1


def test_figures_that_cannot_be_written_cost_no_delivery(console: Console) -> None:
    console.app.dynamodb.refuse("update_item", 100, code="AccessDeniedException")
    console.app.environment.figures.count(1, "signups", console.app.clock.now())
    console.app.environment.flush()

    console.app.dynamodb._orders.clear()

    assert console.get("/api/overview")["total"]["signups"] == 0


def test_a_table_that_takes_no_figures_is_left_alone_for_a_minute(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    figures, tried = app.environment.figures, list[float]()

    def hang(*_: Any) -> None:
        tried.append(app.clock.now() - NOW)
        raise TransientError("the table does not answer", vendor="aws")

    monkeypatch.setattr(figures, "_write", hang)
    for _ in range(5):
        figures.received(Vendor.INTERCOM, "contact.merged", app.clock.now())
        app.environment.flush()
        app.wait(30)

    assert tried == [0.0, 60.0, 120.0]


def test_a_new_stack_starts_without_an_alarm() -> None:
    assert alarms(Console()) == []


def test_what_is_wrong_now_is_said_in_plain_words(app: App, console: Console) -> None:
    assert alarms(console) == [], "the first look, within a minute, is still to come"

    app.wait(301)

    assert alarms(console) == ["sweep_silent"]

    app.sweep()
    app.environment.flush()

    assert alarms(console) == []

    app.configure(status="active")
    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/contacts"})
    app.sign_up()
    app.wait(700)
    app.sweep()
    app.environment.flush()

    shown = console.get("/api/overview")
    assert "oldest_undelivered" in [alarm["kind"] for alarm in shown["alarms"]]
    assert (shown["oldest_undelivered"], shown["days"][-1]["longest_wait"]) == (700.0, 700.0)

    console.post("/api/connection/disconnect", {"vendor": "intercom"})

    assert "intercom_stopped" in alarms(console)


def test_the_overview_calls_no_vendor(console: Console) -> None:
    console.app.wire.forbid()
    shown = console.get("/api/overview")
    assert [limit["vendor"] for limit in shown["limits"]] == ["intercom", "referral_factory"]
    assert shown["limits"][1]["cap"] == 60


@pytest.mark.parametrize(("used", "problem"), [(60, ""), (61, "Intercom said that it is too much for now.")])
def test_calls_that_use_intercoms_limit_up_are_no_problem_and_what_it_refused_is(
    console: Console, used: int, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console.app.environment.intercom_limiter, "usage", lambda: (used, 60, 166))

    shown = console.get("/api/overview")["limits"][0]

    assert shown["used"] == 60
    assert shown["problem"] == problem


def test_a_period_holds_its_first_day_and_none_before_and_the_times_of_all(app: App, console: Console) -> None:
    figures = app.environment.figures
    for days in (0, 1, 6, 7):
        figures.count(1, "signups", NOW - days * DAY)
        figures.delivered_in(1, 4.0 if days < 6 else 100.0, NOW - days * DAY)
    figures.count(2, "signups", NOW, 3)
    figures.waited(NOW - 50, NOW)
    app.environment.flush()

    shown = console.get("/api/overview", "days=7")

    assert [day["signups"] for day in shown["days"]] == [1, 0, 0, 0, 0, 1, 4]
    assert [day["longest_wait"] for day in shown["days"]] == [0.0] * 6 + [50.0]
    assert (shown["days"][0]["p50"], shown["days"][1]["p50"]) == (120.0, None)
    assert (shown["p50"], shown["p99"]) == (5.0, 120.0)
    assert {row["campaign_id"]: row["signups"] for row in shown["campaigns"]} == {1: 3, 2: 3}
    assert shown["all_time"]["signups"] == 7


def test_a_day_on_which_more_was_taken_back_than_given_shows_none(app: App, console: Console) -> None:
    for name in ("signups", "delivered", "qualified", "rewarded", "failed"):
        app.environment.figures.count(1, name, NOW, -1)
    app.environment.flush()

    day = console.get("/api/overview", "days=1")["days"][0]

    assert [day[name] for name in ("signups", "delivered", "qualified", "rewarded", "failed")] == [0] * 5


@pytest.mark.parametrize(
    ("fast", "slow", "p50", "p99"), [(1, 1, 1.0, 120.0), (99, 1, 1.0, 1.0), (98, 2, 1.0, 120.0), (0, 1, 120.0, 120.0)]
)
def test_so_many_deliveries_were_at_least_that_fast(fast: int, slow: int, p50: float, p99: float) -> None:
    times = {class_of(1.0): fast, class_of(91.0): slow}

    assert percentile(times, 0.5) == p50
    assert percentile(times, 0.99) == p99
    assert percentile({class_of(1.0): 0}, 0.5) is None


# -- preview ----------------------------------------------------------------------------------------------------------


def preview(console: Console, **body: Any) -> Any:
    return console.post("/api/campaigns/1/preview", body)


def test_a_preview_is_what_the_delivery_then_sends(app: App, console: Console) -> None:
    app.configure(status="draft")
    app.sign_up()
    app.forget_calls()

    shown = preview(console, user_id=42)

    assert "POST /contacts" not in app.calls()

    sent = {field["attribute"]: field["value"] for field in shown["fields"] if field["sent"]}
    app.configure(status="active")
    app.move_due()

    assert app.row().state is State.DELIVERED
    assert app.row().written == sent


@pytest.mark.parametrize("lag", [0.0, 600.0])
def test_somebody_who_is_in_intercom_by_us_is_not_said_to_be_created(lag: float) -> None:
    console = Console(App(search_lag=lag))
    console.app.configure()
    console.app.sign_up()

    shown = preview(console, user_id=42)

    assert (shown["contact_id"], "made a lead" in shown["outcome"]) == (console.app.row().contact_id, True)

    reasons = {
        field["attribute"]: field["reason"] for field in shown["fields"] if field["attribute"] in console.app.row().written
    }
    assert "name" in reasons
    assert set(reasons.values()) == {"The contact has it already."}


def test_of_somebody_delivered_only_what_is_new_is_sent(console: Console) -> None:
    console.app.sign_up()
    settings = campaign_document(person_invited={"mapping": mapping(("code", "custom_attributes.referral_campaign"))})
    shown = preview(console, user_id=42, settings=settings)
    changed = {field["attribute"]: field["value"] for field in shown["fields"] if field["sent"]}
    console.app.configure(**settings)
    console.app.move_due(replay=True)

    (body,) = console.app.bodies("PUT", f"/contacts/{console.app.row().contact_id}")

    assert body["custom_attributes"]["referral_campaign"] == changed.pop("custom_attributes.referral_campaign")
    assert {name: value for name, value in body.items() if name != "custom_attributes"} == changed


def test_a_typed_person_is_another_signup_and_leaves_the_contact_that_one_before_made(console: Console) -> None:
    console.app.sign_up()
    shown = preview(console, person={**PERSON, "first_name": "Iva"})
    assert (shown["contact_id"], "leaves such contacts" in shown["outcome"]) == (console.app.row().contact_id, True)
    assert not [field for field in shown["fields"] if field["sent"]]


def test_somebody_whose_contact_was_deleted_is_not_said_to_come_back(app: App, console: Console) -> None:
    contact_id = str(app.sign_up().contact_id)
    app.wait(100)
    app.intercom.contacts.delete(contact_id)

    app.environment.qualification_queue.send(
        QualifyReferral(topic="contact.deleted", received_at=app.clock.now(), contact_id=contact_id)
    )
    app.qualify()

    assert app.row().state is State.ERASED
    assert "deleted in Intercom" in preview(console, user_id=42)["outcome"]

    app.wait(1)

    assert "a lead is created" in preview(console, person=PERSON)["outcome"]


@pytest.mark.parametrize("action", ["lead", "none"])
def test_somebody_that_the_sync_added_is_left_to_it(app: App, console: Console, action: str) -> None:
    contact = app.given(name="Older name")
    app.environment.sync_members.save(SyncMember(1, EMAIL, user_id=42, created=True, reserved_at=NOW, contact_id=contact.id))
    app.configure(person_invited={"action": action, "duplicates": "update"})

    assert app.sign_up().history[-1].what == "from sync"

    app.forget_calls()
    shown = preview(console, user_id=42)

    assert ("the sync added this person" in shown["outcome"], shown["role"]) == (True, None)
    assert (shown["contact_id"], shown["fields"]) == (contact.id, [])

    app.move_due(replay=True)

    assert app.calls() == []


def test_a_typed_person_is_previewed_field_by_field(console: Console) -> None:
    shown = preview(console, person=PERSON)

    assert (shown["outcome"], shown["role"]) == ("Nobody in Intercom has this e-mail address: a lead is created.", "lead")

    fields = {field["attribute"]: field for field in shown["fields"]}
    assert (fields["name"]["value"], fields["name"]["joined"]) == ("Ivo Lindqvist", True)
    assert fields["name"]["sources"] == ["first_name", "meta.Last Name"]
    assert fields["email"]["value"] == PERSON["email"]
    assert fields["custom_attributes.lead_source"]["only_on_create"] is True
    assert fields["custom_attributes.referral_link"]["reason"] == "The person has no such value."
    assert console.app.calls() == ["POST /contacts/search"]


def test_a_dropped_attribute_says_why_in_the_preview(console: Console) -> None:
    document = campaign_document(
        person_invited={"mapping": mapping(("code", "custom_attributes.nowhere"), ("url", "custom_attributes.referral_link"))}
    )
    shown = preview(console, person={**PERSON, "code": "abc", "url": f"https://example.com/{'x' * 300}"}, settings=document)

    reasons = {field["attribute"]: field["reason"] for field in shown["fields"] if not field["sent"]}
    assert reasons["custom_attributes.nowhere"] == "Intercom has no attribute custom_attributes.nowhere"
    assert "at most 255" in reasons["custom_attributes.referral_link"]


def by_attribute(shown: Any) -> dict[str, Any]:
    return {field["attribute"]: field for field in shown["fields"]}


def test_what_only_a_create_carries_is_not_shown_of_a_contact_that_is_there(console: Console) -> None:
    console.app.configure(person_invited={"duplicates": "update"})
    created = by_attribute(preview(console, person=PERSON))
    console.app.given()

    updated = by_attribute(preview(console, person=PERSON))

    assert created["custom_attributes.lead_source"]["only_on_create"] is True
    assert not [name for name, field in updated.items() if field["only_on_create"]]
    assert "custom_attributes.lead_source" not in updated


def test_what_the_person_has_no_value_for_is_neither_sent_nor_for_a_create_alone(console: Console) -> None:
    unknown = by_attribute(preview(console, person=PERSON))["custom_attributes.referral_link"]

    assert unknown["value"] is None
    assert (unknown["sent"], unknown["only_on_create"], unknown["joined"]) == (False,) * 3


def test_of_a_contact_that_is_left_alone_a_value_that_does_not_fit_keeps_its_own_reason(console: Console) -> None:
    console.app.given()
    document = campaign_document(person_invited={"mapping": mapping(("code", "custom_attributes.nowhere"))})

    shown = by_attribute(preview(console, person={**PERSON, "code": "abc"}, settings=document))

    assert shown["custom_attributes.nowhere"]["reason"] == "Intercom has no attribute custom_attributes.nowhere"
    assert shown["name"]["reason"] == "The contact is left as it is."


def test_the_survivor_of_a_merge_is_not_said_to_be_made_by_us(console: Console) -> None:
    app = console.app
    app.configure(person_invited={"duplicates": "update"})
    ours = app.sign_up().contact_id
    survivor = app.given("user", email="other@example.com")
    app.intercom.contacts.merge({"from": ours, "into": survivor.id, "skip_duplicate_validation": True})

    shown = preview(console, user_id=42)

    assert shown["contact_id"] == survivor.id
    assert "Intercom has a user with this e-mail address, which is updated" in shown["outcome"]


def test_somebody_that_a_sync_only_found_is_sent_as_anybody(app: App, console: Console) -> None:
    contact = app.given()
    app.environment.sync_members.save(SyncMember(1, EMAIL, user_id=42, created=False, reserved_at=NOW, contact_id=contact.id))

    shown = preview(console, person={**PERSON, "email": EMAIL})

    assert "the sync added this person" not in shown["outcome"]
    assert shown["fields"]


@pytest.mark.parametrize(("policy", "sent", "word"), [("skip", False, "leaves such contacts"), ("update", True, "updated")])
def test_a_contact_that_is_there_is_reported(console: Console, policy: str, sent: bool, word: str) -> None:
    contact = console.app.given()
    console.app.configure(person_invited={"duplicates": policy})
    shown = preview(console, person=PERSON)

    assert (shown["contact_id"], word in shown["outcome"]) == (contact.id, True)
    assert {field["sent"] for field in shown["fields"] if field["attribute"] == "name"} == {sent}


def test_a_person_that_the_campaign_does_not_send(console: Console) -> None:
    console.app.configure(person_invited={"action": "none"})
    assert "sends no person invited" in preview(console, person=PERSON)["outcome"]
    console.app.configure()
    assert "no mail system" in preview(console, person={**PERSON, "email": "x"})["outcome"]


def test_a_preview_works_while_intercom_is_down_and_says_so(console: Console) -> None:
    console.app.wire.faults.add({"kind": "status", "status": 503})
    shown = preview(console, person=PERSON)
    assert (shown["checked"], "does not answer now" in shown["outcome"]) == (False, True)
    assert len(shown["fields"]) > 3


@pytest.mark.parametrize("body", [{}, {"user_id": 1, "person": PERSON}, {"user_id": 0}, {"person": {"nonsense": 1}}])
def test_a_preview_of_nobody_is_refused(console: Console, body: Any) -> None:
    assert console.call("POST", "/api/campaigns/1/preview", body).status == 422


def test_a_preview_with_the_settings_of_another_campaign_is_refused(console: Console) -> None:
    settings = campaign_document(campaign_id=2)

    answer = console.call("POST", "/api/campaigns/1/preview", {"person": PERSON, "settings": settings})

    assert answer.status == 422
    assert "settings of another campaign" in answer.text


def test_a_preview_of_somebody_unknown_is_404(console: Console) -> None:
    assert console.call("POST", "/api/campaigns/1/preview", {"user_id": 999}).status == 404
    assert console.call("POST", "/api/campaigns/77/preview", {"person": PERSON}).status == 404


# -- what settings are chosen from ------------------------------------------------------------------------------------


def test_attributes_say_whether_they_can_be_chosen_and_why_not(console: Console) -> None:
    rows = {row["name"]: row for row in console.get("/api/attributes")["items"]}
    assert rows["custom_attributes.referral_link"]["can_be_written"] is True
    assert rows["custom_attributes.referral_link"]["why_not"] is None
    assert (rows["role"]["can_be_written"], rows["role"]["why_not"]) == (False, "role is not to be written by a mapping.")
    assert rows["custom_attributes.referral_status"]["data_type"] == "options"


def test_a_new_attribute_is_there_after_a_refresh(console: Console) -> None:
    console.get("/api/attributes")
    console.app.intercom.answer(
        __import__("sandbox.vendors.wire", fromlist=["Request"]).Request.of(
            "POST",
            "/data_attributes",
            {"authorization": "Bearer local-intercom-token", "accept": "application/json", "content-type": "application/json"},
            b'{"name": "by_hand", "model": "contact", "data_type": "string"}',
        )
    )

    names = [row["name"] for row in console.get("/api/attributes")["items"]]
    assert "custom_attributes.by_hand" not in names

    names = [row["name"] for row in console.get("/api/attributes", "refresh=true")["items"]]
    assert "custom_attributes.by_hand" in names


def test_an_attribute_is_created_in_intercom(console: Console) -> None:
    answer = console.call("POST", "/api/attributes", {"name": "plan", "data_type": "options", "options": ["a", "b"]})

    assert answer.status == 201
    assert answer.json["name"] == "custom_attributes.plan"
    assert answer.json["options"] == ["a", "b"]
    assert "custom_attributes.plan" in [row["name"] for row in console.get("/api/attributes")["items"]]
    assert console.audit_lines() == ["Created the attribute custom_attributes.plan in Intercom."]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"name": "referral_link", "data_type": "string"}, "already"),
        ({"name": "Email", "data_type": "string"}, "standard attribute"),
        ({"name": "a.b", "data_type": "string"}, "letters, digits"),
    ],
)
def test_what_intercom_does_not_take_is_said_in_plain_words(console: Console, body: Any, word: str) -> None:
    answer = console.call("POST", "/api/attributes", body)
    assert (answer.status, word in answer.json["detail"]) == (422, True)


@pytest.mark.parametrize(
    "body",
    [{"name": "x", "data_type": "options", "options": ["a"]}, {"name": "x", "data_type": "string", "options": ["a", "b"]}, {}],
)
def test_a_wrong_form_names_the_place(console: Console, body: Any) -> None:
    assert console.call("POST", "/api/attributes", body).json["errors"]


def test_lists_come_with_their_counts(console: Console) -> None:
    from sandbox.vendors.intercom.lists import add_segment, save_tag

    workspace = console.app.intercom.workspace
    add_segment(workspace, "Friends", "contact", {"field": "role", "operator": "=", "value": "lead"})
    save_tag(workspace, {"name": "VIP"})

    (segment,) = console.get("/api/segments")["items"]
    assert segment["name"] == "Friends"
    assert segment["count"] == 0
    assert segment["person_type"] == "lead"

    (tag,) = console.get("/api/tags")["items"]
    assert (tag["name"], tag["count"]) == ("VIP", None)


def test_lists_while_intercom_is_down_say_so(console: Console) -> None:
    console.app.wire.faults.add({"kind": "status", "status": 503})
    for path in ("/api/segments", "/api/tags", "/api/attributes"):
        answer = console.call("GET", path)
        assert (answer.status, "Intercom does not answer" in answer.json["detail"]) == (503, True)
