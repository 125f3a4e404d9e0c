"""A token that no header can hold is a lost connection with a reason, not a bug."""

from __future__ import annotations

import pytest

from tests.support.builders import App


@pytest.mark.parametrize("token", ["\u201clocal-intercom-token\u201d", "local-intercom-token\u200b", "local-in\ntercom-token"])
def test_a_token_with_a_sign_that_no_header_takes(app: App, token: str) -> None:
    app.set_secret("intercom", access_token=token)
    app.environment = app.new_environment()

    app.sign_up()

    row = app.row()
    assert "no token can hold" in row.reason

    breaker = app.breaker()
    assert breaker.kind == "connection_lost"

    app.set_secret("intercom", access_token="local-intercom-token")
    app.environment = app.new_environment()
    app.live(100, step=5)

    assert app.row().contact_id is not None
