"""Rita refers in campaign 1, and Intercom knows her as a user."""

from __future__ import annotations

import pytest

from tests.support.referring import Story


@pytest.fixture
def story() -> Story:
    return Story()
