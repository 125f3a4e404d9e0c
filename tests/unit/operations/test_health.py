"""One truth about health: never green while something does not work, and the set-up's next step."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.connection.connection import Vendor
from shared.domain.signup.state import State
from shared.ports.signup import Quarantined
from tests.support.console_api import Console
from tests.support.documents import campaign_document
from tests.unit.operations.test_activity import add
from tests.unit.qualification.test_accept_notification import body_of, hub


def health(console: Console) -> dict[str, Any]:
    found: dict[str, Any] = console.get("/api/health")
    return found


def problems(console: Console) -> dict[str, Any]:
    """Those of now, by their kind."""
    return {one["kind"]: one for one in health(console)["problems"]}


def looked_at(console: Console, oldest_at: float | None = None) -> None:
    """The sweep has just seen who waits."""
    console.app.environment.figures.waited(oldest_at, console.app.clock.now())
    console.app.environment.flush()


def campaign(console: Console) -> tuple[str, str]:
    [shown] = health(console)["campaigns"]
    return shown["level"], shown["sentence"]


def steps(console: Console) -> dict[str, bool]:
    return {step["kind"]: step["is_done"] for step in health(console)["steps"]}


def test_an_active_campaign_of_a_connected_workspace_works(console: Console) -> None:
    console.app.sign_up()
    assert campaign(console) == ("good", "Signups go to Intercom as they come.")


def test_no_campaign_is_green_while_intercom_is_disconnected(console: Console) -> None:
    console.post("/api/connection/disconnect", {"vendor": "intercom"})
    level, sentence = campaign(console)

    assert level == "bad"
    assert sentence == "Signups wait: Intercom was disconnected by a person."
    assert health(console)["level"] == "bad"


def test_no_campaign_is_green_while_intercom_does_not_answer(console: Console) -> None:
    console.app.wire.faults.add({"kind": "status", "status": 503})
    for user_id in range(10):
        console.app.sign_up(id=100 + user_id, email=f"p{user_id}@example.com")
    level, sentence = campaign(console)

    assert level == "bad"
    assert "does not answer" in sentence


def test_the_limits_of_a_vendor_that_cannot_be_called_are_not_free(console: Console) -> None:
    console.post("/api/connection/disconnect", {"vendor": "intercom"})
    [intercom, _] = console.get("/api/overview")["limits"]
    assert intercom["problem"] == "Intercom was disconnected by a person."


def test_an_active_campaign_that_sends_nobody_is_a_problem(console: Console) -> None:
    console.app.configure(person_invited={"action": "none"}, person_referring={"action": "none"}, sync={"mode": "off"})
    level, sentence = campaign(console)

    assert level == "warn"
    assert sentence.startswith("Nobody is sent")
    assert [problem["where"] for problem in health(console)["problems"] if problem["kind"] == "campaign"] == ["#/campaigns/1"]


def test_links_with_nowhere_to_go_are_a_problem(console: Console) -> None:
    sync = campaign_document()["sync"] | {"mode": "ongoing", "write_back": {}}
    console.app.configure(sync=sync)
    level, sentence = campaign(console)

    assert level == "warn"
    assert sentence.startswith("Referral links have nowhere to go")


def test_links_that_nobody_gets_need_no_place(console: Console) -> None:
    sync = campaign_document()["sync"] | {"mode": "off", "write_back": {}}
    console.app.configure(sync=sync)

    assert campaign(console) == ("good", "Signups go to Intercom as they come.")


def test_problems_are_said_before_what_is_still_to_set_up_and_how_many_more_there_are(console: Console) -> None:
    assert health(console)["sentence"].startswith("Set-up is not complete yet.")

    console.post("/api/connection/disconnect", {"vendor": "intercom"})

    found = health(console)

    assert found["sentence"].startswith(found["problems"][0]["what"])
    assert len(found["problems"]) == 1 or found["sentence"].endswith(f" And {len(found['problems']) - 1} more.")


def test_a_message_that_could_not_be_read_is_a_problem_until_it_is_gone(console: Console) -> None:
    assert "quarantine" not in [one["kind"] for one in health(console)["problems"]]

    app = console.app
    app.environment.quarantine.add(Quarantined("q1", "1", "joined", "odd", "text/plain", "eA==", app.clock.now()))

    [found] = [one for one in health(console)["problems"] if one["kind"] == "quarantine"]

    assert found["what"] == "Messages that could not be read: 1."


def test_a_new_stack_that_was_never_connected_is_no_problem_and_not_green() -> None:
    """The checklist says what to do; once a campaign is set up it is a problem."""
    console = Console()
    console.app.set_secret("intercom", access_token="")
    console.app.set_secret("referral_factory", api_key="")
    console.app.environment = console.app.new_environment()

    found = health(console)

    assert (found["level"], found["problems"]) == ("wait", [])
    assert found["sentence"] == "Set-up is not complete yet. Next: connect Intercom."

    console.app.configure()
    found = health(console)

    assert (found["level"], [one["kind"] for one in found["problems"]]) == (
        "bad",
        ["intercom_stopped", "referral_factory_stopped"],
    )


def test_the_set_up_ticks_itself_to_its_end() -> None:
    console = Console()
    app = console.app
    assert {kind for kind, is_done in steps(console).items() if is_done} == {"intercom", "referral_factory"}
    assert health(console)["level"] != "good"

    app.configure()
    app.sign_up()
    app.environment.flush()

    assert {kind for kind, is_done in steps(console).items() if not is_done} == {"webhooks"}

    body = body_of()
    app.notify(body, hub(body))
    app.environment.flush()

    assert {kind for kind, is_done in steps(console).items() if not is_done} == set()

    [webhooks] = [step["do"] for step in health(console)["steps"] if step["kind"] == "webhooks"]
    assert webhooks == "All came."
    assert health(console)["complete"]


# -- when a thing is a problem ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "is_late"), [(600, False), (601, True)])
def test_a_signup_is_late_once_it_has_waited_for_more_than_ten_minutes(console: Console, seconds: float, is_late: bool) -> None:
    since = console.app.clock.now() - seconds
    looked_at(console, since)

    found = health(console)

    assert [one["kind"] for one in found["problems"]] == ["oldest_undelivered"] * is_late
    assert found["oldest_undelivered"] == seconds


def test_a_late_signup_is_said_with_its_minutes_and_leads_to_who_waits(console: Console) -> None:
    since = console.app.clock.now() - 45 * 60
    looked_at(console, since)

    problem = problems(console)["oldest_undelivered"]

    assert problem["what"] == "A signup has been waiting for 45 minutes."
    assert problem["where"] == "#/activity?group=waiting"
    assert problem["since"] == since


@pytest.mark.parametrize(("seconds", "is_silent"), [(300, False), (301, True)])
def test_a_sweep_is_silent_once_it_has_not_looked_for_more_than_five_minutes(
    console: Console, seconds: float, is_silent: bool
) -> None:
    looked_at(console)
    console.app.wait(seconds)

    assert ("sweep_silent" in problems(console)) is is_silent


def test_before_the_first_look_a_sweep_is_silent_since_the_first_campaign_was_saved(console: Console) -> None:
    console.app.wait(200)
    console.app.configure(campaign_id=2)
    console.app.wait(101)

    assert problems(console)["sweep_silent"]["since"] == console.app.clock.now() - 301


@pytest.mark.parametrize(("seconds", "is_silent"), [(900, False), (901, True)])
def test_a_list_that_was_not_read_for_a_quarter_of_an_hour_is_a_problem(
    console: Console, seconds: float, is_silent: bool
) -> None:
    console.app.reconcile()
    read_at = console.app.clock.now()
    console.app.wait(seconds)

    found = problems(console)

    assert ("reconcile_silent" in found) is is_silent
    assert not is_silent or found["reconcile_silent"]["since"] == read_at


@pytest.mark.parametrize(
    ("people", "says"), [(1, "1 person needs"), (2, "2 people need"), (99, "99 people need"), (100, "100 people or more need")]
)
def test_who_needs_somebody_is_counted_up_to_a_hundred(console: Console, people: int, says: str) -> None:
    for user_id in range(1, people + 1):
        add(console.app, user_id, state=State.FAILED)

    assert problems(console)["attention"]["what"] == f"{says} somebody to look."


@pytest.mark.parametrize(("messages", "says"), [(19, "19"), (20, "20 or more"), (21, "20 or more")])
def test_messages_that_could_not_be_read_are_counted_up_to_twenty(console: Console, messages: int, says: str) -> None:
    now = console.app.clock.now()
    for number in range(messages):
        console.app.environment.quarantine.add(Quarantined(f"q{number}", "1", "joined", "odd", "text/plain", "eA==", now))

    assert problems(console)["quarantine"]["what"] == f"Messages that could not be read: {says}."


def test_a_permission_that_intercoms_app_lacks_is_named(console: Console) -> None:
    console.app.environment.vendor_notes.save(Vendor.INTERCOM, {"missing_permissions": ["Read tags", "Write events"]})

    assert problems(console)["permissions"]["what"] == "The Intercom app lacks permissions: Read tags, Write events."


def test_one_warning_of_referral_factory_is_a_problem_of_its_own_until_the_second_stops_all_calls(console: Console) -> None:
    strikes = console.app.environment.strikes
    strikes.update(Vendor.REFERRAL_FACTORY, lambda one: one.struck(1.0))

    first = problems(console)
    strikes.update(Vendor.REFERRAL_FACTORY, lambda one: one.struck(100.0))
    second = problems(console)

    assert list(first) == ["strikes"]
    assert "warned 1 times" in first["strikes"]["what"]
    assert first["strikes"]["since"] == 1.0
    assert list(second) == ["referral_factory_stopped"]
    assert second["referral_factory_stopped"]["since"] is None


def test_what_was_connected_and_stopped_is_a_problem_though_no_campaign_is_set_up() -> None:
    console = Console()
    assert problems(console) == {}

    console.post("/api/connection/disconnect", {"vendor": "intercom"})
    for at in (1.0, 100.0):
        console.app.environment.strikes.update(Vendor.REFERRAL_FACTORY, lambda one, at=at: one.struck(at))

    found = problems(console)
    assert list(found) == ["intercom_stopped", "referral_factory_stopped"]
    assert found["intercom_stopped"]["since"] == console.app.clock.now()


def test_settings_of_a_paused_campaign_are_no_problem(console: Console) -> None:
    nobody = {"person_invited": {"action": "none"}, "person_referring": {"action": "none"}, "sync": {"mode": "off"}}
    console.app.configure(status="paused", **nobody)

    assert problems(console) == {}
    assert campaign(console) == ("wait", "Paused: signups are kept until you activate the campaign again.")


def test_a_draft_and_a_paused_campaign_each_say_what_they_wait_for(console: Console) -> None:
    console.post("/api/connection/disconnect", {"vendor": "intercom"})
    console.app.configure(status="draft")

    assert campaign(console) == ("wait", "Nothing is sent yet: signups are kept until you activate the campaign.")


def test_without_referral_factory_signups_go_on_and_the_rest_waits(console: Console) -> None:
    console.post("/api/connection/disconnect", {"vendor": "referral_factory"})

    says = "Signups go to Intercom, the rest waits: Referral Factory was disconnected by a person."
    assert campaign(console) == ("warn", says)


def test_a_campaign_that_only_syncs_says_so(console: Console) -> None:
    sync = campaign_document()["sync"] | {"mode": "ongoing"}
    console.app.configure(person_invited={"action": "none"}, person_referring={"action": "none"}, sync=sync)

    says = "Contacts of Intercom get their referral links. Nobody who signs up is sent."
    assert campaign(console) == ("good", says)


def test_several_problems_are_one_sentence_with_how_many_more_there_are(console: Console) -> None:
    add(console.app, 1, state=State.FAILED)
    one = health(console)["sentence"]
    console.post("/api/connection/disconnect", {"vendor": "intercom"})
    console.post("/api/connection/disconnect", {"vendor": "referral_factory"})

    found = health(console)

    assert one == "1 person needs somebody to look."
    assert len(found["problems"]) > 2
    assert found["sentence"] == f"Intercom was disconnected by a person. And {len(found['problems']) - 1} more."


def test_the_first_steps_lead_to_the_list_of_campaigns_and_later_ones_to_the_campaign() -> None:
    console = Console()
    before = {step["kind"]: step["where"] for step in health(console)["steps"]}
    console.app.configure(campaign_id=7, status="draft")
    after = {step["kind"]: step["where"] for step in health(console)["steps"]}

    assert (before["fields"], after["fields"]) == ("#/campaigns", "#/campaigns/7")
    assert (before["person"], after["person"]) == ("#/campaigns", "#/campaigns/7")


def test_a_campaign_that_only_syncs_has_chosen_who_is_sent_and_one_that_does_neither_has_not(console: Console) -> None:
    nobody = {"person_invited": {"action": "none"}, "person_referring": {"action": "none"}}
    console.app.configure(status="draft", **nobody, sync={"mode": "off"})
    neither = steps(console)
    console.app.configure(status="draft", **nobody, sync=campaign_document()["sync"] | {"mode": "ongoing"})

    assert (neither["fields"], steps(console)["fields"]) == (False, True)
    assert not neither["active"]


def test_the_webhooks_that_are_still_to_come_are_named(console: Console) -> None:
    [before] = [step for step in health(console)["steps"] if step["kind"] == "webhooks"]
    console.app.sign_up()
    console.app.environment.flush()
    [after] = [step for step in health(console)["steps"] if step["kind"] == "webhooks"]

    assert before["what"] == "Set up the webhooks: 0 of 2 seen"
    assert before["do"] == "Still to come: joined, a contact's change (Intercom)."
    assert after["what"] == "Set up the webhooks: 1 of 2 seen"
    assert after["do"] == "Still to come: a contact's change (Intercom)."


def test_a_campaign_without_a_rule_awaits_no_webhook_of_intercom(console: Console) -> None:
    console.app.configure(qualification={})

    [webhooks] = [step for step in health(console)["steps"] if step["kind"] == "webhooks"]

    assert webhooks["what"] == "Set up the webhooks: 0 of 1 seen"
