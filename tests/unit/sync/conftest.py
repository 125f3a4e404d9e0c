"""A campaign that syncs, and pages that are read in a moment."""

from __future__ import annotations

import pytest

from tests.support.syncing import PER_PAGE, SyncApp


@pytest.fixture
def app() -> SyncApp:
    made = SyncApp()
    made.choose()
    return made


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.adapters.intercom.client.SMALLER_PAGES", (PER_PAGE,))
