"""Answers that pages give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from sandbox.vendors.wire import Response

CONTENT_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


class Render(Protocol):
    """Makes a page of a template."""

    def __call__(self, template: str, status: int = 200, /, **values: Any) -> Response: ...


def redirect(path: str, headers: Mapping[str, str] | None = None) -> Response:
    """To be read with GET."""
    return Response(303, {"Location": path, **(headers or {})})
