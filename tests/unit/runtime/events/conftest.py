"""A deployment with one campaign, and the sample that a test is played with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from functions.console import handler as console
from tests.support.builders import App
from tests.unit.runtime.events.playing import new_app, read

CONSOLE = {
    "STAGE": "local",
    "OIDC_ISSUER": "http://127.0.0.1:8004",
    "OIDC_CLIENT_ID": "local-console",
    "OIDC_SCOPES": "openid email profile",
    "SIGN_IN_URL": "",
}


@pytest.fixture
def event(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read(request.param)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    for name, value in CONSOLE.items():
        monkeypatch.setenv(name, value)
    console._settings.cache_clear()
    app = new_app()
    app.configure()
    yield app
    console._settings.cache_clear()
