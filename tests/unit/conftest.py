"""Fixtures of every room: the application, the console over it and the admin API. No example of a property has a deadline:
a busy machine would miss it."""

import pytest
from hypothesis import settings

from tests.support.admin_api import api, document
from tests.support.builders import App
from tests.support.console_api import Console

__all__ = ["api", "document"]

settings.register_profile("without a deadline", settings.default, deadline=None)
settings.load_profile("without a deadline")


@pytest.fixture
def app() -> App:
    """Campaign 1 is active."""
    made = App()
    made.configure()
    return made


@pytest.fixture
def console(app: App) -> Console:
    return Console(app)
