"""Pages of a list: 25 rows, or ``per_page`` up to 250; ``links.next`` leads on.

https://referral-factory.com/developers (pagination)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sandbox.vendors.referral_factory.api.refusals import invalid
from sandbox.vendors.referral_factory.people import People
from sandbox.vendors.referral_factory.settings import ReferralFactorySettings
from sandbox.vendors.wire import Request

if TYPE_CHECKING:
    import random

DEFAULT_PER_PAGE = 25
MOST_PER_PAGE = 250


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    per_page: int
    total: int

    @property
    def start(self) -> int:
        return (self.number - 1) * self.per_page

    @property
    def stop(self) -> int:
        return min(self.start + self.per_page, self.total)

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.per_page))


def read_page(request: Request, total: int, settings: ReferralFactorySettings) -> Page:
    """The page asked for. RefusedError (422) for a number below 1, no number, or more than 250 rows."""
    per_page = _number(request, "per_page", DEFAULT_PER_PAGE)
    if per_page > MOST_PER_PAGE:
        if settings.per_page_above_250 == "refused":
            raise invalid("per_page", f"The per page may not be greater than {MOST_PER_PAGE}.")
        per_page = MOST_PER_PAGE
    return Page(_number(request, "page", 1), per_page, total)


def _number(request: Request, name: str, default: int) -> int:
    text = request.first(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and int(text) >= 1):
        raise invalid(name, f"The {name.replace('_', ' ')} must be at least 1.")
    return int(text)


def ordered(people: People, ids: Sequence[int] | None, page: Page, order: str, chance: random.Random) -> list[int]:
    """The ids on the page. ``ids`` are ascending; None: of all people. ``random`` is a new order at each call."""
    source = people.ids() if ids is None else ids
    places = range(page.start, page.stop)
    match order:
        case "descending":
            return [source[-1 - place] for place in places]
        case "random":
            step, start = _walk(len(source), chance)
            return [source[(start + step * place) % len(source)] for place in places]
        case "shuffled" if ids is None:
            return [people.shuffled_ids()[place][1] for place in places]
        case "shuffled":
            chosen = set(source)
            every = [number for _, number in people.shuffled_ids() if number in chosen]
            return [every[place] for place in places]
        case _:
            return list(source[page.start : page.stop])


def _walk(length: int, chance: random.Random) -> tuple[int, int]:
    """A step and a start that visit every place once, since the step shares no factor with the length."""
    if length < 2:
        return 1, 0
    while True:
        step = chance.randrange(1, length)
        left, right = length, step
        while right:
            left, right = right, left % right
        if left == 1:
            return step, chance.randrange(length)


def list_document(
    request: Request, page: Page, rows: list[dict[str, Any]], settings: ReferralFactorySettings
) -> dict[str, Any]:
    """``data``, ``links`` and ``meta`` of a page."""
    link = _linker(request, page, settings)
    links = {
        "first": link(1),
        "last": link(page.last),
        "prev": link(page.number - 1) if page.number > 1 else None,
        "next": _next(page, link, settings),
    }
    return {
        "data": rows,
        **({} if settings.links_missing else {"links": links}),
        "meta": {
            "current_page": page.number,
            "from": page.start + 1 if rows else None,
            **({} if settings.last_page_missing else {"last_page": page.last}),
            "path": link(None),
            "per_page": page.per_page,
            "to": page.stop if rows else None,
            "total": page.total,
        },
    }


def _next(page: Page, link: Callable[[int | None], str], settings: ReferralFactorySettings) -> str | None:
    if page.number >= page.last or settings.next_link == "missing":
        return None
    return link(page.number if settings.next_link == "same_page" else page.number + 1)


def _linker(request: Request, page: Page, settings: ReferralFactorySettings) -> Callable[[int | None], str]:
    host = request.headers.get("host")
    base = f"http://{host}" if host else settings.public_url.rstrip("/")
    base = {"relative": "", "other_host": "https://pages.example.net"}.get(settings.next_link, base)
    kept = {name: values for name, values in request.query.items() if name != "page"}

    def link(number: int | None) -> str:
        if number is None:
            return f"{base}{request.path}"
        query = {**(kept if settings.next_keeps_query else {}), "page": [str(number)]}
        return f"{base}{request.path}?{urlencode(query, doseq=True)}"

    return link
