"""Who signs: the two headers of Intercom, and a client secret that is being replaced."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable

import pytest

from shared.adapters.intercom.signatures import READ_AGAIN_AFTER
from tests.support.builders import CLIENT_SECRET, App
from tests.support.qualifying import Friendship

HUB, BODY = "x-hub-signature", "x-body-signature"
UNINSTALL = json.dumps({"app_id": "local-workspace"}).encode()
NOTICE = json.dumps({"type": "notification_event", "app_id": "local-workspace", "topic": "ping", "data": {}}).encode()


def hub(body: bytes = UNINSTALL, secret: str = CLIENT_SECRET) -> dict[str, str]:
    return {HUB: "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}


def signed(body: bytes = UNINSTALL, secret: str = CLIENT_SECRET) -> dict[str, str]:
    return {BODY: hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def uninstalled(app: App, headers: dict[str, str]) -> tuple[int, bool]:
    status = app.notify(UNINSTALL, headers, path="/webhooks/intercom/uninstall")["statusCode"]
    connection = app.environment.connections.find()
    assert connection is not None
    return status, not connection.connected


@pytest.fixture
def app() -> App:
    story = Friendship()
    story.invited()
    return story.app


FORGED = {HUB: "sha1=" + "0" * 40}


@pytest.mark.parametrize("headers", [FORGED, hub(b"another body"), hub(secret="another"), hub(secret=""), {HUB: ""}, {}])
def test_a_forged_hub_signature_uninstalls_nobody(app: App, headers: dict[str, str]) -> None:
    assert uninstalled(app, headers) == (401, False)


@pytest.mark.parametrize("headers", [hub(), signed()])
def test_either_header_alone_uninstalls(app: App, headers: dict[str, str]) -> None:
    assert uninstalled(app, headers) == (200, True)


def test_where_both_come_the_bodys_signature_counts(app: App) -> None:
    assert uninstalled(app, {**hub(), BODY: "0" * 64}) == (401, False)
    assert uninstalled(app, {**FORGED, **signed()}) == (200, True)


def notified(app: App, secret: str) -> int:
    status: int = app.notify(NOTICE, hub(NOTICE, secret))["statusCode"]
    return status


def replaced(app: App, **secrets: str) -> None:
    app.set_secret("intercom_app", **secrets)


@pytest.mark.parametrize(
    "call", [lambda app: notified(app, "brand new"), lambda app: uninstalled(app, signed(secret="brand new"))[0]]
)
def test_a_client_secret_that_was_replaced_counts_at_once(app: App, call: Callable[[App], int]) -> None:
    assert notified(app, CLIENT_SECRET) == 200
    replaced(app, client_secret="brand new")
    assert call(app) == 200
    assert notified(app, CLIENT_SECRET) == 401, "the old one is over"


def test_while_it_is_being_replaced_both_count_and_no_third(app: App) -> None:
    replaced(app, client_secret=CLIENT_SECRET, client_secret_next="brand new")
    assert [notified(app, secret) for secret in (CLIENT_SECRET, "brand new", "another", "")] == [200, 200, 401, 401]


def test_strangers_do_not_make_us_read_the_secrets_all_the_time(app: App) -> None:
    assert notified(app, "forged") == 401
    replaced(app, client_secret="brand new")
    app.wait(READ_AGAIN_AFTER - 1)
    assert notified(app, "brand new") == 401, "they were read a moment ago"
    app.wait(1)
    assert notified(app, "brand new") == 200


def test_who_signs_nothing_makes_us_read_no_secret_anew(app: App) -> None:
    assert notified(app, CLIENT_SECRET) == 200
    replaced(app, client_secret="brand new")
    for headers in ({}, {HUB: ""}):
        assert app.notify(NOTICE, headers)["statusCode"] == 401
    assert notified(app, CLIENT_SECRET) == 200, "the one that was read before"


@pytest.mark.parametrize("stored", [{}, {"client_secret": ""}, {"client_id": "x"}])
def test_a_secret_that_is_not_there_signs_nothing(app: App, stored: dict[str, str]) -> None:
    replaced(app, **stored)
    assert [notified(app, secret) for secret in ("", "None", CLIENT_SECRET)] == [401, 401, 401]
