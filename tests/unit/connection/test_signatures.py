"""Who signs: the two headers of Intercom, and a client secret that is being replaced."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from tests.support.builders import CLIENT_SECRET, App
from tests.support.qualifying import Friendship

HUB, BODY = "x-hub-signature", "x-body-signature"
UNINSTALL = json.dumps({"app_id": "local-workspace"}).encode()


def hub(body: bytes = UNINSTALL, secret: str = CLIENT_SECRET) -> dict[str, str]:
    return {HUB: "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()}


def signed(body: bytes = UNINSTALL, secret: str = CLIENT_SECRET) -> dict[str, str]:
    return {BODY: hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def uninstalled(app: App, headers: dict[str, str]) -> tuple[int, bool]:
    status = app.notify(UNINSTALL, headers, path="/webhooks/intercom/uninstall")["statusCode"]
    connection = app.connection()
    return status, connection.doubted_at is not None


@pytest.fixture
def app() -> App:
    story = Friendship()
    story.invited()
    return story.app


FORGED = {HUB: "sha1=" + "0" * 40}


STRANGERS = [FORGED, hub(b"another body"), hub(secret="another"), hub(secret=""), {HUB: ""}, {HUB: "sha1=ü"}, {}]


@pytest.mark.parametrize("headers", STRANGERS)
def test_a_forged_hub_signature_uninstalls_nobody(app: App, headers: dict[str, str]) -> None:
    assert uninstalled(app, headers) == (401, False)


@pytest.mark.parametrize("headers", [hub(), signed()])
def test_either_header_alone_uninstalls(app: App, headers: dict[str, str]) -> None:
    assert uninstalled(app, headers) == (200, True)


def test_where_both_come_the_bodys_signature_counts(app: App) -> None:
    assert uninstalled(app, {**hub(), BODY: "0" * 64}) == (401, False)
    assert uninstalled(app, {**FORGED, **signed()}) == (200, True)
