"""Intercom's error body: ``{"type": "error.list", "request_id", "errors": [{"code", "message", "field"}]}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.vendors.wire import Response

USUAL_ERRORS = {
    400: ("bad_request", "Bad Request"),
    401: ("unauthorized", "Access Token Invalid"),
    403: ("api_plan_restricted", "Active subscription needed."),
    404: ("not_found", "Resource Not Found"),
    408: ("request_timeout", "Request Timeout"),
    409: ("conflict", "A contact matching those details already exists"),
    422: ("unprocessable_entity", "Unprocessable Entity"),
    429: ("rate_limit_exceeded", "Exceeded rate limit in 10_seconds"),
    500: ("server_error", "Server Error"),
    502: ("server_error", "Server Error"),
    503: ("service_unavailable", "Sorry, the API service is temporarily unavailable"),
    504: ("server_error", "Server Error"),
}


class ApiError(Exception):
    """An answer of Intercom's that is an error. ``code`` and ``message`` are Intercom's."""

    def __init__(
        self, status: int, code: str, message: str, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.headers = dict(headers or {})

    def to_response(self, request_id: str) -> Response:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.field is not None:
            error["field"] = self.field
        document = {"type": "error.list", "request_id": request_id, "errors": [error]}
        return Response.of_json(self.status, document, self.headers)


def invalid(message: str, field: str | None = None) -> ApiError:
    return ApiError(400, "parameter_invalid", message, field)


def missing(message: str) -> ApiError:
    return ApiError(400, "parameter_not_found", message)


def contact_not_found() -> ApiError:
    """Also the answer for archived and deleted contacts."""
    return ApiError(404, "not_found", "User Not Found")


def resource_not_found() -> ApiError:
    return ApiError(404, "not_found", "Resource Not Found")


def usual_error(status: int) -> ApiError:
    """The body that Intercom usually gives with that status."""
    code, message = USUAL_ERRORS.get(status, ("server_error", "Server Error"))
    return ApiError(status, code, message)
