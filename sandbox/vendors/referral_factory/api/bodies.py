"""Reading the JSON that callers send."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.vendors.referral_factory.api.refusals import RefusedError, invalid
from sandbox.vendors.referral_factory.records import Campaign
from sandbox.vendors.wire import Request

MOST_LETTERS = 255
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]+\.[^@\s.]{2,}")


def read_json(request: Request) -> dict[str, Any]:
    """The body. RefusedError: 406 when it does not say that it is JSON, 400 when it is not a JSON object."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RefusedError(406)
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise RefusedError(400) from error
    if not isinstance(document, dict):
        raise RefusedError(400)
    return document


def read_id(value: Any, field: str) -> int:
    """An id as a number or in digits. RefusedError (422)."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 18:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(field, f"The {field} must be an integer.")
    return value


def text_error(name: str, value: Any) -> str | None:
    """What is wrong with a required short text; None: nothing."""
    label = name.replace("_", " ")
    if value is None or value == "" or (isinstance(value, str) and not value.strip()):
        return f"The {label} field is required."
    if not isinstance(value, str):
        return f"The {label} must be a string."
    if len(value) > MOST_LETTERS:
        return f"The {label} may not be greater than {MOST_LETTERS} characters."
    return None


def email_error(value: Any) -> str | None:
    """What is wrong with an e-mail address; None: nothing."""
    if (error := text_error("email", value)) is None and not _EMAIL.fullmatch(value.strip()):
        return "The email must be a valid email address."
    return error


def read_meta(value: Any, campaign: Campaign, unknown: str) -> dict[str, str]:
    """``meta`` by label. RefusedError (422) when malformed, or a label is not in the form and ``unknown`` is refused."""
    if value is None:
        return {}
    if not isinstance(value, list):
        raise invalid("meta", "The meta must be an array.")
    labels = {form_field.label for form_field in campaign.extra_fields}
    meta: dict[str, str] = {}
    for place, row in enumerate(value):
        if not isinstance(row, Mapping) or not isinstance(row.get("field"), str):
            raise invalid(f"meta.{place}.field", "The field is required.")
        answer = row.get("value")
        if answer is not None and not isinstance(answer, str):
            raise invalid(f"meta.{place}.value", "The value must be a string.")
        if row["field"] not in labels:
            if unknown == "refused":
                raise invalid(f"meta.{place}.field", "The selected field is invalid.")
            if unknown == "ignored":
                continue
        if answer:
            meta[row["field"]] = answer
    return meta
