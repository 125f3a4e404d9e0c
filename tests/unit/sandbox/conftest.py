"""Who calls the stand-in of Referral Factory."""

from __future__ import annotations

import pytest

from tests.support.referral_factory_builder import Caller


@pytest.fixture
def caller() -> Caller:
    return Caller()
