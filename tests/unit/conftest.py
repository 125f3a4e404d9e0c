"""The admin API is a fixture of every room."""

from tests.support.admin_api import api, document

__all__ = ["api", "document"]
