"""The admin API is a fixture of every room, and no example of a property has a deadline: a busy machine would miss it."""

from hypothesis import settings

from tests.support.admin_api import api, document

__all__ = ["api", "document"]

settings.register_profile("without a deadline", settings.default, deadline=None)
settings.load_profile("without a deadline")
