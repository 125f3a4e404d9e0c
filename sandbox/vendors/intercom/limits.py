"""Intercom's rate limit: so many calls in each window of 10 seconds.

https://developers.intercom.com/docs/references/rest-api/errors/rate-limiting
"""

from __future__ import annotations

from sandbox.vendors.intercom.errors import ApiError
from sandbox.vendors.intercom.workspace import Workspace

WINDOW_SECONDS = 10


class RateLimit:
    """Counts the calls of the app in the present window."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._window = 0
        self._calls = 0

    def count(self) -> dict[str, str]:
        """Count one call and give the headers of its answer. Raises ApiError 429, with the same headers."""
        limit = self._workspace.settings.limit_per_window
        window = int(self._workspace.now()) // WINDOW_SECONDS
        if window != self._window:
            self._window, self._calls = window, 0
        self._calls += 1
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - self._calls)),
            "X-RateLimit-Reset": str((window + 1) * WINDOW_SECONDS),
        }
        if self._calls > limit:
            message = f"Exceeded rate limit of {limit} in {WINDOW_SECONDS}_seconds"
            raise ApiError(429, "rate_limit_exceeded", message, headers=headers)
        return headers
