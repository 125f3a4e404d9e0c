"""Rita brings friends to campaign 1, which qualifies whoever becomes "Connected" in Intercom."""

from __future__ import annotations

import pytest

from tests.support.qualifying import Friendship


@pytest.fixture
def story() -> Friendship:
    return Friendship()
