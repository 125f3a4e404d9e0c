"""When no call may be made, none is: who must not get through, beside the tests of who does."""

from __future__ import annotations

import json

import pytest

from shared.domain.connection.connection import Vendor
from shared.errors import RateLimitedError
from tests.support.builders import WEBHOOK_SECRET, App
from tests.support.console_api import Console


@pytest.mark.parametrize(
    "stored", [{"current": WEBHOOK_SECRET}, {"current": WEBHOOK_SECRET, "next": None}, {"current": None}, {}]
)
@pytest.mark.parametrize("presented", ["None", "null", "", " ", None])
def test_a_secret_that_is_not_there_is_nobodys(app: App, stored: dict[str, str | None], presented: str | None) -> None:
    app.secrets.put_secret_value(SecretId="webhook", SecretString=json.dumps(stored))
    answer = app.post({"id": 7, "email": "eve@example.com"}, secret=presented)
    assert answer["statusCode"] == 401
    assert app.queued() == []


def test_an_api_key_is_not_tried_while_all_calls_are_stopped() -> None:
    console = Console()
    strikes = console.app.environment.strikes
    for at in (console.app.clock.at - 1_000, console.app.clock.at):
        strikes.update(Vendor.REFERRAL_FACTORY, lambda one, at=at: one.struck(at))
    console.app.forget_calls()

    answer = console.call("PUT", "/api/connection/referral-factory", {"api_key": "local-referral-factory-key"})

    assert answer.status >= 400
    assert console.app.calls("referral_factory") == []


def test_after_twenty_lost_races_for_a_slot_no_call_is_made() -> None:
    app = App()
    app.environment.referral_factory().user(1)
    app.forget_calls()
    app.dynamodb.refuse("put_item", 1_000, code="ConditionalCheckFailedException")
    app.dynamodb.refuse("update_item", 1_000, code="ConditionalCheckFailedException")

    with pytest.raises(RateLimitedError):
        app.environment.referral_factory().user(1)
    assert app.calls("referral_factory") == []
