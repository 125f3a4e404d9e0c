"""Answers that say no. Error table: https://referral-factory.com/developers (errors)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.vendors.wire import Response

MESSAGES = {
    400: "Bad Request",
    401: "Unauthenticated.",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    410: "Gone",
    422: "Validation errors in your request",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class RefusedError(Exception):
    """The call is answered with an error. ``errors`` maps a field to what is wrong with it."""

    def __init__(
        self,
        status: int,
        message: str = "",
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message or MESSAGES.get(status, "Error"))
        self.status = status
        self.errors = dict(errors or {})
        self.headers = dict(headers or {})

    def response(self) -> Response:
        errors = {name: [{"field": name, "message": text}] for name, text in self.errors.items()}
        document: dict[str, Any] = {"code": self.status, "message": str(self), "errors": errors}
        return Response.of_json(self.status, document, self.headers)


def invalid(field: str, message: str) -> RefusedError:
    """A 422 about one field."""
    return RefusedError(422, errors={field: message})


def not_found() -> RefusedError:
    return RefusedError(404)
