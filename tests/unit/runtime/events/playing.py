"""The files of events/, and the functions that they are for."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.referral_factory.schemas import person_of
from shared.domain.signup.state import Origin
from shared.messages import message_of
from shared.use_cases.signup.remember_signup import remember_signup
from tests.support.builders import App
from tests.support.documents import campaign_document

EVENTS = Path(__file__).parents[4] / "events"


def sample(*names: str) -> pytest.MarkDecorator:
    """The test is played with each of these files of events/."""
    return pytest.mark.parametrize("event", names, indirect=True)


def new_app() -> App:
    app = App()
    app.settings = replace(app.settings, admin_group="referral-admins", groups_claim="groups")
    app.environment = app.new_environment()
    return app


def invoke(app: App, function: str, event: dict[str, Any]) -> Any:
    return app.invoke(import_module(f"functions.{function}.handler"), event)


def read(name: str) -> dict[str, Any]:
    return json.loads((EVENTS / f"{name}.json").read_text())


def body(answer: dict[str, Any]) -> Any:
    return json.loads(answer["body"])


def remember_ivo(app: App) -> None:
    """The ledger's row of the person that the samples are about."""
    (record,) = read("deliver_contact_webhook")["Records"]
    fields = message_of(record["body"]).fields
    person = person_of(fields, {})
    campaign = app.environment.campaigns.find(1)
    now = app.clock.now()
    remember_signup(app.environment, 1, person, campaign, accepted_at=now, origin=Origin.WEBHOOK, what="webhook joined")


def start_run(app: App, **section: Any) -> None:
    """The run that the samples are about, as the sample of the schedule starts it."""
    chosen = {**campaign_document()["sync"], "mode": "ongoing", **section}
    app.configure(sync=chosen)
    app.given(email="sam@example.com", name="Sam Sample")
    invoke(app, "start_sync", read("start_sync_schedule"))
