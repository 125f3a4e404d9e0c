"""Referral Factory's REST API v2. Reached over the limit of 600 calls a minute three times, it blocks our address for days:
every call passes the limiter first, and nothing is sent twice but after a 401.

https://developers.referral-factory.com
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from shared.adapters.http.smaller_pages import read_page
from shared.adapters.http.transport import HttpResponse, HttpTransport, TooLargeAnswerError, fits_header
from shared.adapters.limits import UnlimitedLimiter
from shared.adapters.referral_factory.errors import REFERRAL_FACTORY, error_of, error_of_transport
from shared.adapters.referral_factory.reading import count_of
from shared.adapters.referral_factory.rewards import definition_of, due_reward_of, issued_reward_of
from shared.adapters.referral_factory.schemas import campaign_id_of, form_of, user_of
from shared.domain.person import Person, fold_email
from shared.domain.referrer.reward import RewardFacts
from shared.domain.sync.sign_up_form import FormField
from shared.domain.timing import REFERRAL_FACTORY_TIMEOUT
from shared.domain.vendor.limits import Priority
from shared.errors import ConnectionLostError, FailureError, TransientError, UnavailableError
from shared.ports.vendor import Limiter
from shared.ports.vendors import ReferralFactory, RewardPage, UserPage

PAGE_SIZE = 250
PARTS = (PAGE_SIZE, PAGE_SIZE // 5, PAGE_SIZE // 25)
STRANGE_SIGN_IN_KEY = "what is stored as Referral Factory's API key holds a sign that no key can hold"
GONE_STATUSES = frozenset({404, 410})


class KeyProvider(Protocol):
    """Where the API key is. ``fresh`` reads it again; an empty text means that there is none."""

    def __call__(self, *, fresh: bool = False) -> str: ...


@dataclass(frozen=True, slots=True)
class PageOfUsers(UserPage):
    people: Sequence[tuple[int, Person]]
    last_page: int | None
    smaller: int


@dataclass(frozen=True, slots=True)
class PageOfRewards(RewardPage):
    rewards: Sequence[RewardFacts]
    last_page: int | None
    smaller: int


class ReferralFactoryClient(ReferralFactory):
    """``base_url`` ends in ``/api/v2``."""

    def __init__(
        self,
        transport: HttpTransport,
        key: KeyProvider,
        base_url: str,
        limiter: Limiter | None = None,
        priority: Priority = Priority.RECONCILE,
    ) -> None:
        self._transport = transport
        self._key = key
        self._base_url = base_url.rstrip("/")
        self._limiter = limiter or UnlimitedLimiter()
        self._priority = priority
        self._about_person = False

    def users(self, page: int, smaller: int = 0, came: dict[tuple[int, int], Any] | None = None) -> PageOfUsers:
        """See ``ReferralFactory.users``. Entries without a user id or campaign are left out."""
        (entries, last_page), needed = self._page("/users?with=user.analytics", page, smaller, came)
        people = [
            (campaign_id, person)
            for entry in entries
            if (campaign_id := campaign_id_of(entry)) is not None and (person := user_of(entry)) is not None
        ]
        return PageOfUsers(people, last_page, needed)

    def user(self, user_id: int) -> tuple[int | None, Person] | None:
        document = self._call("GET", f"/users/{user_id}?with=user.analytics", may_be_gone=True, person=True)
        entry = document.get("data", document)
        if not entry:
            return None
        person = user_of(entry) if isinstance(entry, Mapping) else None
        if person is None or person.user_id != user_id:  # that is no word that nobody has this id
            raise UnavailableError("Referral Factory: its answer is about somebody else", vendor=REFERRAL_FACTORY, status=200)
        return campaign_id_of(entry), person

    def qualify(self, user_id: int, qualified: bool) -> None:
        """See ``ReferralFactory.qualify``. Sent once: after a lost answer only a read tells whether it happened."""
        self._call("PUT", "/users/qualification", {"id": user_id, "qualified": qualified}, lenient=True, person=True)

    def due_rewards(self, metric: str, page: int, smaller: int = 0) -> PageOfRewards:
        (entries, last_page), needed = self._page(f"/rewards/due/{quote(metric)}", page, smaller)
        return PageOfRewards([facts for entry in entries if (facts := due_reward_of(entry, metric))], last_page, needed)

    def issued_rewards(self, metric: str, page: int, smaller: int = 0) -> PageOfRewards:
        (entries, last_page), needed = self._page(f"/rewards/issued/{quote(metric)}", page, smaller)
        return PageOfRewards([facts for entry in entries if (facts := issued_reward_of(entry, metric))], last_page, needed)

    def reward_definitions(self, metric: str, smaller: int = 0) -> Mapping[int, tuple[str | None, int | None]]:
        """See ``ReferralFactory.reward_definitions``. The first 250."""
        (entries, _), _ = self._page(f"/rewards/dashboard/{quote(metric)}", 1, smaller)
        return dict(found for entry in entries if (found := definition_of(entry)))

    def issue_reward(self, due_id: int) -> RewardFacts | None:
        """See ``ReferralFactory.issue_reward``. Sent once: only the lists tell what became of a lost answer."""
        document = self._call("POST", f"/rewards/issue/{due_id}", lenient=True, person=True)
        entry = document.get("data")
        return issued_reward_of(entry, None) if isinstance(entry, Mapping) else None

    def _page(
        self, path: str, number: int, smaller: int = 0, came: dict[tuple[int, int], Any] | None = None
    ) -> tuple[tuple[list[Mapping[str, Any]], int | None], int]:
        """The entries of a page of 250, and how many such pages there are: read at once, or in the parts of which so large a
        page consists; and how small these were. ``came``: the parts so far, by their size and number."""

        parts_read: dict[tuple[int, int], Any] = {} if came is None else came

        def read(size: int) -> tuple[list[Mapping[str, Any]], int | None]:
            parts = PAGE_SIZE // size
            entries: list[Mapping[str, Any]] = []
            last = None
            for part in range((number - 1) * parts + 1, number * parts + 1):
                if (size, part) not in parts_read:
                    parts_read[size, part] = self._part(path, part, size)
                found, last = parts_read[size, part]
                entries += found
                if last is None or part >= last:
                    break
            return entries, None if last is None else -(-last // parts)

        return read_page(read, PARTS, smaller)

    def _part(self, path: str, number: int, size: int) -> tuple[list[Mapping[str, Any]], int | None]:
        """The entries, and how many parts there are: where ``meta.last_page`` is missing, one more as long as ``links.next``
        names one or, without links, the part is full. None when the vendor says nothing at all."""
        path, _, query = path.partition("?")
        document = self._call("GET", f"{path}?page={number}&per_page={size}{query and '&'}{query}")
        entries = document.get("data")
        if not isinstance(entries, list):
            raise UnavailableError("Referral Factory: its answer is no list", vendor=REFERRAL_FACTORY, status=200)
        meta = document.get("meta")
        last_page = (count_of(meta.get("last_page")) or None) if isinstance(meta, Mapping) else None
        if last_page is None:
            links = document.get("links")
            has_next = bool(links.get("next")) if isinstance(links, Mapping) and "next" in links else len(entries) >= size
            last_page = number + 1 if has_next else None
        return [entry for entry in entries if isinstance(entry, Mapping)], last_page

    def create_user(self, campaign_id: int, email: str, first_name: str, meta: Mapping[str, str], *, notify: bool) -> Person:
        """See ``ReferralFactory.create_user``. Sent once; ``notify`` is always said, for its default is not documented."""
        body: dict[str, Any] = {"campaign_id": campaign_id, "first_name": first_name, "email": email, "notify": notify}
        if meta:
            body["meta"] = [{"field": label, "value": value} for label, value in meta.items()]
        document = self._call("POST", "/users", body)
        person = user_of(document)
        if person is None:
            raise UnavailableError("Referral Factory: its answer is no user", vendor=REFERRAL_FACTORY, status=200)
        return person

    def form(self, campaign_id: int) -> Sequence[FormField]:
        return form_of(self._call("GET", f"/campaigns/{campaign_id}", may_be_gone=True))

    def search_user(self, campaign_id: int, email: str) -> Person | None:
        """See ``ReferralFactory.search_user``. Compared here again: which filters it honours is not documented."""
        wanted = [("email", email), ("campaign_id", str(campaign_id))]
        filters = [{"field": field, "operator": "=", "value": value} for field, value in wanted]
        body = {"filters": {"operator": "AND", "value": filters}}
        entries = self._call("POST", "/users/search?with=user.analytics", body, person=True).get("data")
        if not isinstance(entries, list):
            raise UnavailableError("Referral Factory: its answer is no list", vendor=REFERRAL_FACTORY, status=200)
        for entry in entries:
            person = user_of(entry) if isinstance(entry, Mapping) and campaign_id_of(entry) == campaign_id else None
            if person is not None and fold_email(person.email or "") == fold_email(email):
                return person
        return None

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        may_be_gone: bool = False,
        lenient: bool = False,
        person: bool = False,
    ) -> Mapping[str, Any]:
        """The answer's JSON object. ``may_be_gone``: empty for a 404 or 410; ``lenient``: empty for a 2xx without one;
        ``person``: the call is about one person."""
        self._about_person = person
        response = self._send(method, path, body, self._key() or self._key(fresh=True))
        if response.status == 401:  # it was refused unread, so that sending it again does no harm
            response = self._send(method, path, body, self._key(fresh=True))
        if may_be_gone and response.status in GONE_STATUSES:
            self._limiter.report(None)
            return {}
        if not 200 <= response.status < 300:
            raise self._reported(error_of(response, method))
        try:
            document: Any = json.loads(response.body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict) and not lenient:
            text = "Referral Factory: its answer is no JSON object"
            raise self._reported(UnavailableError(text, vendor=REFERRAL_FACTORY, status=response.status))
        self._limiter.report(None)
        return document if isinstance(document, dict) else {}

    def _reported(self, error: FailureError) -> FailureError:
        error.about_person = self._about_person
        self._limiter.report(error)
        return error

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None, key: str) -> HttpResponse:
        if not key:
            raise ConnectionLostError("there is no API key of Referral Factory", vendor=REFERRAL_FACTORY)
        if not fits_header(key):
            raise ConnectionLostError(STRANGE_SIGN_IN_KEY, vendor=REFERRAL_FACTORY)
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        encoded = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            encoded = json.dumps(body, allow_nan=False).encode("ascii")
        permit = self._limiter.acquire(self._priority)
        try:
            response = self._transport.send(method, self._base_url + path, headers, encoded, REFERRAL_FACTORY_TIMEOUT)
        except TooLargeAnswerError as error:  # it works, and has more to say than we read
            self._limiter.finish(permit, error.status, {})
            self._limiter.report(None)
            error.vendor = REFERRAL_FACTORY
            raise
        except TransientError as error:
            self._limiter.finish(permit, None, {})
            raise self._reported(error_of_transport(error)) from None
        self._limiter.finish(permit, response.status, response.headers)
        return response
