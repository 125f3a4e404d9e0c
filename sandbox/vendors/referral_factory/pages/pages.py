"""The pages that people click through: an overview, the users, and each campaign's sign-up pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jinja2

from sandbox.vendors.referral_factory.account import Account
from sandbox.vendors.referral_factory.api import objects
from sandbox.vendors.referral_factory.api.refusals import RefusedError, not_found
from sandbox.vendors.referral_factory.api.rest import DEFAULT_ADDRESS
from sandbox.vendors.referral_factory.pages import signup_pages
from sandbox.vendors.referral_factory.pages.page_answers import CONTENT_POLICY, Render, redirect
from sandbox.vendors.referral_factory.people import fold
from sandbox.vendors.referral_factory.records import Person
from sandbox.vendors.wire import Request, Response

TEMPLATES = Path(__file__).parents[1] / "templates"
PEOPLE_PER_PAGE = 50
REWARDS_SHOWN = 50
WEBHOOKS_SHOWN = 50

_PERSON_ACTION = re.compile(r"/users/(\d{1,18})/(qualify|unqualify)")
_REWARD_ACTION = re.compile(r"/rewards/(\d{1,18})/(issue|cancel)")
_BLOCK_ACTION = re.compile(r"/(block|unblock)")


class Pages:
    """Renders pages. All text is escaped by the templates."""

    def __init__(self) -> None:
        self._fixed: dict[str, Callable[[Account, Request], Response]] = {
            "/": self._overview,
            "/users": self._users,
            "/state": lambda account, _: Response.of_json(200, self.state(account)),
            "/style.css": lambda *_: Response(200, {"Content-Type": "text/css; charset=utf-8"}, _style()),
        }

    def answer(self, account: Account, request: Request) -> Response:
        """The page, or what a form on one does."""
        try:
            return self._route(account, request)
        except RefusedError as refused:
            text = "; ".join(refused.errors.values()) or str(refused)
            return self._renderer(account)("error.html", refused.status, text=text)

    def _route(self, account: Account, request: Request) -> Response:
        if request.method == "POST":
            return self._post(account, request)
        if request.method not in ("GET", "HEAD"):
            raise RefusedError(405)
        if page := self._fixed.get(request.path):
            return page(account, request)
        return signup_pages.show(account, request, self._renderer(account))

    def state(self, account: Account) -> dict[str, Any]:
        """What tests and people want to see of the account: calls, strikes, blocks (seconds left), webhooks, totals."""
        return {
            "limit": account.limit.state(account.clock()),
            "people": len(account.people),
            "rewards": _count_by(reward.status for reward in account.rewards.all()),
            "webhooks": {
                "waiting": account.outbox.waiting(),
                "by_fate": _count_by(entry.fate for entry in account.outbox.log()),
            },
        }

    def _post(self, account: Account, request: Request) -> Response:
        origin = request.headers.get("origin", "")
        if origin and urlsplit(origin).netloc != request.headers.get("host", ""):
            raise RefusedError(403)
        form = {name: values[0] for name, values in parse_qs(request.body.decode(errors="replace")).items()}
        if match := _PERSON_ACTION.fullmatch(request.path):
            if (person := account.people.with_id(int(match[1]))) is None:
                raise not_found()
            account.qualify(person, qualified=match[2] == "qualify")
        elif match := _REWARD_ACTION.fullmatch(request.path):
            reward = account.rewards.with_id(int(match[1]))
            (account.rewards.issue if match[2] == "issue" else account.rewards.cancel)(reward)
        elif match := _BLOCK_ACTION.fullmatch(request.path):
            seconds = account.settings.block_seconds if match[1] == "block" else 0.0
            account.limit.block(DEFAULT_ADDRESS, account.clock() + seconds)
        else:
            return signup_pages.submit(account, request, form, self._renderer(account))
        return redirect(_back(request))

    def _overview(self, account: Account, _: Request) -> Response:
        rewards = list(reversed(account.rewards.all()))[:REWARDS_SHOWN]
        return self._renderer(account)(
            "overview.html",
            campaigns=[(campaign, len(account.people.ids(campaign.id))) for campaign in account.campaigns.values()],
            rules=account.outbox.rules(),
            log=account.outbox.log()[:WEBHOOKS_SHOWN],
            rewards=[(reward, account.people.with_id(reward.recipient_id)) for reward in rewards],
            limit=account.limit.state(account.clock()),
        )

    def _users(self, account: Account, request: Request) -> Response:
        campaign_id, wanted = request.first("campaign_id"), request.first("q").strip()
        ids = account.people.ids(int(campaign_id)) if campaign_id.isdecimal() else account.people.ids()
        if wanted:
            ids = [number for number in ids if _is_hit(account.people[number], wanted)]
        page = max(1, int(request.first("page", "1"))) if request.first("page", "1").isdecimal() else 1
        stop = len(ids) - (page - 1) * PEOPLE_PER_PAGE
        shown = [account.people[number] for number in reversed(ids[max(0, stop - PEOPLE_PER_PAGE) : max(0, stop)])]
        return self._renderer(account)(
            "users.html",
            people=[(person, _referrer(account, person)) for person in shown],
            campaigns=account.campaigns.values(),
            campaign_id=campaign_id,
            wanted=wanted,
            page=page,
            total=len(ids),
            has_more=stop > PEOPLE_PER_PAGE,
        )

    def _renderer(self, account: Account) -> Render:
        def render(template: str, status: int = 200, /, **values: Any) -> Response:
            text = (
                _templates()
                .get_template(template)
                .render(url=account.url, in_days=objects.in_days, seconds=account.clock(), **values)
            )
            headers = {
                "Content-Type": "text/html; charset=utf-8",
                "Content-Security-Policy": CONTENT_POLICY,
                "Cache-Control": "no-store",
            }
            return Response(status, headers, text.encode())

        return render


@cache
def _templates() -> jinja2.Environment:
    """Read once a process."""
    return jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined)


@cache
def _style() -> bytes:
    return (TEMPLATES / "style.css").read_bytes()


def _referrer(account: Account, person: Person) -> Person | None:
    return account.people.with_id(person.referrer_id) if person.referrer_id is not None else None


def _is_hit(person: Person, wanted: str) -> bool:
    return wanted == person.code or fold(wanted) in fold(person.email) or fold(wanted) in fold(person.first_name)


def _count_by(names: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return counts


def _back(request: Request) -> str:
    """The page the form was on, never another host's."""
    parts = urlsplit(request.headers.get("referer", ""))
    path = parts.path if parts.path.startswith("/") and not parts.path.startswith("//") else "/"
    return f"{path}?{parts.query}" if parts.query else path
