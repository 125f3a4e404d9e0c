"""The REST API under ``/api/v2``: who may call, how often, and which call it is.

Bearer token, ``Accept: application/json``. https://referral-factory.com/developers (authentication, errors, rate limits)
"""

from __future__ import annotations

import hmac
import math
import re
from collections.abc import Callable

from sandbox.vendors.referral_factory.account import Account
from sandbox.vendors.referral_factory.api import campaign_calls, reward_calls, user_calls, user_changes
from sandbox.vendors.referral_factory.api.refusals import RefusedError
from sandbox.vendors.wire import Request, Response

PREFIX = "/api/v2"
DEFAULT_ADDRESS = "127.0.0.1"
ADDRESS_HEADER = "x-stand-in-address"
"""Tells the rules which address a call comes from; without it all come from one."""

Call = Callable[..., Response]

_ROUTES: tuple[tuple[str, dict[str, Call]], ...] = (
    ("/users", {"GET": user_calls.list_users, "POST": user_changes.create_user}),
    ("/users/search", {"POST": user_calls.search_users}),
    ("/users/qualification", {"PUT": user_changes.qualify_user}),
    (
        r"/users/([^/]+)",
        {"GET": user_calls.get_user, "PUT": user_changes.update_user, "DELETE": user_changes.delete_user},
    ),
    ("/campaigns", {"GET": campaign_calls.list_campaigns}),
    ("/campaigns/search", {"POST": campaign_calls.search_campaigns}),
    (r"/campaigns/([^/]+)", {"GET": campaign_calls.get_campaign}),
    (r"/rewards/issue/([^/]+)", {"POST": reward_calls.issue_reward}),
    (r"/rewards/cancel/([^/]+)", {"POST": reward_calls.cancel_reward}),
    (r"/rewards/(dashboard|due|issued)/([^/]+)", {"GET": reward_calls.list_rewards}),
    (r"/rewards/(dashboard|due|issued)/([^/]+)/search", {"POST": reward_calls.search_rewards}),
)
ROUTES = tuple((re.compile(pattern), calls) for pattern, calls in _ROUTES)


def answer(account: Account, request: Request) -> Response:
    """The answer to one API call."""
    try:
        if (blocked := _check_block(account, request)) is not None:
            return blocked
        _check_headers(account, request)
        _count(account, request)
        response = _route(account, request)
    except RefusedError as refused:
        response = refused.response()
    return _slowed(account, response)


def _check_block(account: Account, request: Request) -> Response | None:
    if not account.limit.is_blocked(address_of(request), account.clock()):
        return None
    match account.settings.blocked_answer:
        case "refused":
            return Response(0)
        case "429":
            raise RefusedError(429)
        case _:
            raise RefusedError(403)


def _check_headers(account: Account, request: Request) -> None:
    if "application/json" not in request.headers.get("accept", "").lower():
        raise RefusedError(406)
    if not hmac.compare_digest(_token(request).encode(), account.settings.token.encode()):
        raise RefusedError(401)


def _count(account: Account, request: Request) -> None:
    token, now, settings = _token(request), account.clock(), account.settings
    if account.limit.admit(token, address_of(request), now, settings):
        return
    headers = {}
    if settings.retry_after:
        headers["Retry-After"] = str(math.ceil(account.limit.seconds_until_free(token, now, settings)))
    raise RefusedError(429, headers=headers)


def _route(account: Account, request: Request) -> Response:
    path = request.path.removeprefix(PREFIX)
    for pattern, calls in ROUTES:
        if (match := pattern.fullmatch(path)) is None:
            continue
        call = calls.get(request.method)
        if call is None:
            raise RefusedError(405, headers={"Allow": ", ".join(calls)})
        return call(account, request, *match.groups())
    raise RefusedError(404)


def _slowed(account: Account, response: Response) -> Response:
    settings = account.settings
    if not settings.slow_share or account.chance.random() >= settings.slow_share:
        return response
    headers = {**response.headers, "X-Stand-In-Delay": str(settings.slow_seconds)}
    return Response(response.status, headers, response.body)


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def address_of(request: Request) -> str:
    """Who calls."""
    return request.headers.get(ADDRESS_HEADER, DEFAULT_ADDRESS)
