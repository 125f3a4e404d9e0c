"""What several routes read out of a request."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeVar

from shared.adapters.admin.requests import MAX_USER_ID
from shared.adapters.admin.schemas import MAX_CAMPAIGN_ID
from shared.domain.person import Audience
from shared.domain.signup.referral_filter import Flag, Group, ReferralFilter
from shared.domain.signup.state import State
from shared.errors import MalformedPayloadError, NotFoundError
from shared.runtime.http import HttpRequest

DEFAULT_LIMIT, MAX_LIMIT = 50, 100
MAX_CSV = 1_000
"""Rows of a table in one answer; the next is named in its header Link."""
MAX_PEOPLE = 100
MAX_SEARCHED = 100
LAST_MOMENT = 9_999_999_999
_ONE = re.compile(r"[1-9][0-9]{0,11}-[1-9][0-9]{0,15}")
_NO_WEIGHT = re.compile(r"q=0(\.0*)?")
Word = TypeVar("Word", bound=StrEnum)


def number_in_path(request: HttpRequest, name: str, most: int = MAX_CAMPAIGN_ID) -> int:
    """A whole number from 1. Raises NotFoundError."""
    text = request.path_parameters[name]
    if text.isascii() and text.isdigit() and not text.startswith("0") and len(text) <= len(str(most)):
        return int(text)
    what = "A campaign's id" if most == MAX_CAMPAIGN_ID else "An id"
    raise NotFoundError(f"{what} is a whole number from 1.")


def user_in_path(request: HttpRequest) -> int:
    return number_in_path(request, "user_id", MAX_USER_ID)


def text_in_query(request: HttpRequest, name: str) -> str | None:
    """The last one, None when it is missing or empty."""
    return request.query.get(name, ("",))[-1] or None


def number_in_query(request: HttpRequest, name: str, default: int, most: int) -> int:
    """From 1. Raises MalformedPayloadError."""
    text = request.query.get(name, (str(default),))[-1]
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
        raise MalformedPayloadError(f"{name} takes a whole number from 1 to {most}.")
    return int(text)


def flag_in_query(request: HttpRequest, name: str) -> bool:
    """Raises MalformedPayloadError."""
    text = text_in_query(request, name)
    if text not in {None, "true", "false"}:
        raise MalformedPayloadError(f"{name} takes true or false.")
    return text == "true"


def paging(request: HttpRequest, most: int = MAX_LIMIT) -> tuple[int, str | None]:
    return number_in_query(request, "limit", DEFAULT_LIMIT, most), text_in_query(request, "cursor")


def takes_csv(request: HttpRequest) -> bool:
    """Whether the header Accept names tables, and not with the weight 0: https://www.rfc-editor.org/rfc/rfc9110#section-12.4.2"""
    for each in request.header("accept").lower().split(","):
        kind, *parameters = (part.strip() for part in each.split(";"))
        if kind == "text/csv":
            return not any(_NO_WEIGHT.fullmatch(parameter) for parameter in parameters)
    return False


def is_a_look(request: HttpRequest) -> bool:
    """Whether it changes nothing and takes no table away."""
    return request.method in {"GET", "HEAD"} and not takes_csv(request)


def filter_in_query(request: HttpRequest, workspace_id: str) -> ReferralFilter:
    """``workspace_id``: the connected one. Raises MalformedPayloadError that names what a filter takes."""
    has_campaign = text_in_query(request, "campaign_id") is not None
    email = text_in_query(request, "email")
    if email is not None and len(email) > 254:
        raise MalformedPayloadError("email takes at most 254 characters.")
    reason = text_in_query(request, "reason")
    if reason is not None and len(reason) > 1_000:
        raise MalformedPayloadError("reason takes at most 1,000 characters.")
    return ReferralFilter(
        campaign_id=number_in_query(request, "campaign_id", 1, MAX_CAMPAIGN_ID) if has_campaign else None,
        state=_word(request, "state", State),
        audience=_word(request, "audience", Audience),
        email=email,
        flag=_word(request, "flag", Flag),
        attention=flag_in_query(request, "attention"),
        reason=reason,
        not_in=workspace_id if flag_in_query(request, "elsewhere") else None,
        group=_word(request, "group", Group),
        converted=flag_in_query(request, "converted"),
        text=_searched(request),
        since=_moment(request, "since"),
        until=_moment(request, "until"),
        people=_people(request),
    )


def _searched(request: HttpRequest) -> str | None:
    text = (text_in_query(request, "text") or "").strip()
    if len(text) > MAX_SEARCHED:
        raise MalformedPayloadError(f"text takes at most {MAX_SEARCHED} characters.")
    return text or None


def _moment(request: HttpRequest, name: str) -> float | None:
    return float(number_in_query(request, name, 1, LAST_MOMENT)) if text_in_query(request, name) is not None else None


def _people(request: HttpRequest) -> frozenset[tuple[int, int]] | None:
    """``1-801,1-802``: campaign and user ids."""
    text = text_in_query(request, "people")
    if text is None:
        return None
    names = text.split(",", MAX_PEOPLE)
    if len(names) > MAX_PEOPLE or not all(_ONE.fullmatch(name) for name in names):
        raise MalformedPayloadError(f"people takes up to {MAX_PEOPLE} pairs such as 1-801: the campaign's id and the person's.")
    return frozenset((int(campaign), int(user)) for campaign, _, user in (name.partition("-") for name in names))


def _word(request: HttpRequest, name: str, words: type[Word]) -> Word | None:
    text = text_in_query(request, name)
    if text is None:
        return None
    try:
        return words(text)
    except ValueError:
        raise MalformedPayloadError(f"{name} takes {', '.join(words)}.") from None
