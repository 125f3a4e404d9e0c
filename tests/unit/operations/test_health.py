"""One truth about health: never green while something does not work, and the set-up's next step."""

from __future__ import annotations

from typing import Any

from shared.ports.signup import Quarantined
from tests.support.console_api import Console
from tests.support.documents import campaign_document
from tests.unit.qualification.test_accept_notification import body_of, hub


def health(console: Console) -> dict[str, Any]:
    found: dict[str, Any] = console.get("/api/health")
    return found


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
