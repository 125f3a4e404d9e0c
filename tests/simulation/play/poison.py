"""People that a vendor treats badly for ever, and nobody else: each of a kind that was seen to cost others or never to end."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sandbox.vendors.wire import Request, Response
from shared.domain.timing import CREATE_TIMEOUT, INTERCOM_TIMEOUT, REFERRAL_FACTORY_TIMEOUT
from shared.errors import UnavailableError
from tests.simulation.play.referral_stories import notify
from tests.simulation.world import OF_A_SIGNUP, Signup, World

DAY = 86_400.0
DOMAIN = "poison.example.net"
FUNCTIONS = (*OF_A_SIGNUP, "intercom_webhook", "qualify_referral", "update_referrer")
CREATES, CONTACT, UNARCHIVES = r"POST /contacts", r"PUT /contacts/\w+", r"POST /contacts/\w+/unarchive"
READS, SEARCHES = r"GET /contacts/\w+", r"POST /contacts/search"
USER, QUALIFIES = r"GET /api/v2/users/\d+", r"PUT /api/v2/users/qualification"
PAGE = b"<!DOCTYPE html><html><title>Attention Required</title></html>"
HALF = b'{"type": "error.list", "errors": [{"code": "conflict", "mess'
HANG = 0
"""As a status: no answer until the client's time is over."""


def errors(*entries: tuple[str, str, str]) -> bytes:
    """An error list of (code, message, field)."""
    listed = [{"code": code, "message": message} | ({"field": field} if field else {}) for code, message, field in entries]
    return json.dumps({"type": "error.list", "errors": listed}).encode()


def conflict(message: str, code: str = "conflict") -> bytes:
    return errors((code, message, ""))


def invalid(*fields: str) -> bytes:
    return errors(*(("parameter_invalid", f"{field} is invalid", field) for field in fields))


@dataclass(frozen=True, slots=True)
class Rule:
    """``calls``: a pattern of method and path; ``body``: what is answered instead of the vendor's usual words."""

    calls: str
    status: int
    body: bytes = b""
    vendor: str = "intercom"


@dataclass(frozen=True, slots=True)
class Kind:
    """``known``: their contact is there before, and is updated. ``refers``: they bring a friend. ``qualifies``: their contact
    reaches the qualified value. ``ends``: how the delivery may end."""

    name: str
    rules: tuple[Rule, ...]
    known: bool = False
    refers: bool = False
    qualifies: bool = False
    ends: frozenset[str] = frozenset({"failed"})

    @property
    def email(self) -> str:
        return f"{re.sub('[^a-z0-9]+', '-', self.name.lower())}@{DOMAIN}"


def _create(name: str, status: int, body: bytes = b"", *ends: str) -> Kind:
    return Kind(f"create: {name}", (Rule(CREATES, status, body),), ends=frozenset(ends or {"failed"}))


def _known(name: str, calls: str, status: int, body: bytes = b"") -> Kind:
    return Kind(name, (Rule(calls, status, body),), known=True)


ARCHIVED = Rule(CREATES, 409, conflict("An archived contact matching those details already exists with id={other}"))
DELIVERED = frozenset({"delivered"})
KINDS = (
    _create("409 without an id", 409, conflict("Multiple existing users match this email address")),
    _create("409 of another code", 409, conflict("Taken", "unique_user_constraint")),
    _create("409 with half a body", 409, HALF),
    _create("409 with an id that is none", 409, conflict("A contact matching those details already exists with id=existing-7")),
    _create("409 that names nobody", 409, conflict("A contact already exists with id=0123456789abcdef01234567")),
    _create("409 that names somebody else", 409, conflict("A contact already exists with id={other}")),
    Kind("create: 409 archived, and unarchive answers 500", (ARCHIVED, Rule(UNARCHIVES, 500))),
    _create("500", 500),
    _create("no answer", HANG),
    _create("403", 403),
    _create("403 with a page", 403, PAGE),
    _create("423", 423),
    _create("401", 401),
    _create("two attributes refused", 400, invalid("referral_link", "referral_campaign"), "partial", "failed"),
    _create("refused without a name", 400, errors(("parameter_invalid", "The owner specified is no member;", ""))),
    _create("e-mail refused", 400, invalid("email")),
    _create("401 about the body", 401, invalid("phone")),
    _known("PUT: 401", CONTACT, 401),
    _known("PUT: 403", CONTACT, 403),
    _known("PUT: 404 of a contact that can be read", CONTACT, 404),
    _known("PUT: 409", CONTACT, 409, conflict("Multiple existing users match this email address")),
    _known("PUT: 500", CONTACT, 500),
    _known("PUT: 425", CONTACT, 425),
    _known("PUT: no answer", CONTACT, HANG),
    _known("GET: 401", READS, 401),
    _known("GET: 403", READS, 403),
    _known("GET: 500", READS, 500),
    _known("GET: no answer", READS, HANG),
    _known("search: 500", SEARCHES, 500),
    _known("search: 403", SEARCHES, 403),
    Kind("counts: PUT 409", (Rule(CONTACT, 409),), refers=True, ends=DELIVERED),
    Kind("counts: PUT 403", (Rule(CONTACT, 403),), refers=True, ends=DELIVERED),
    Kind("counts: PUT 500", (Rule(CONTACT, 500),), refers=True, ends=DELIVERED),
    Kind("counts: Referral Factory 500", (Rule(USER, 500, vendor="referral_factory"),), refers=True, ends=DELIVERED),
    Kind("counts: Referral Factory hangs", (Rule(USER, HANG, vendor="referral_factory"),), refers=True, ends=DELIVERED),
    Kind("counts: Referral Factory 404", (Rule(USER, 404, vendor="referral_factory"),), refers=True, ends=DELIVERED),
    Kind("qualification: 422", (Rule(QUALIFIES, 422, vendor="referral_factory"),), qualifies=True, ends=DELIVERED),
    Kind("qualification: 500", (Rule(QUALIFIES, 500, vendor="referral_factory"),), qualifies=True, ends=DELIVERED),
    Kind("qualification: Referral Factory 500", (Rule(USER, 500, vendor="referral_factory"),), qualifies=True, ends=DELIVERED),
)


def _patience(vendor: str, call: str) -> float:
    """Seconds that the client waits for an answer."""
    if vendor == "referral_factory":
        return REFERRAL_FACTORY_TIMEOUT
    return CREATE_TIMEOUT if call == CREATES else INTERCOM_TIMEOUT


class Poisoning:
    """The people of these kinds in one world. ``active`` False: they are treated like everybody else."""

    def __init__(self, world: World, kinds: Iterable[Kind] = KINDS, *, active: bool = True) -> None:
        self.world = world
        self.kinds = tuple(kinds)
        self.active = active
        self.signups: dict[str, Signup] = {}
        self.calls: dict[str, list[float]] = {kind.name: [] for kind in self.kinds}
        """Kind → when a vendor was called for that person, or to find out whether it was about them alone."""
        self._met: dict[Any, Kind] = {}
        self._of_email = {kind.email: kind for kind in self.kinds}
        self._of_user: dict[str, Kind] = {}
        self._other = world.add_contact(f"somebody.else@{DOMAIN}")
        for kind in self.kinds:
            if kind.known:
                world.add_contact(kind.email, "lead", name="Somebody Known")
        self._watch("intercom", world.intercom)
        self._watch("referral_factory", world.referral_factory)

    # -- what happens -------------------------------------------------------------------------------------------------

    def let_sign_up(self, kind: Kind) -> None:
        campaign, referrer = (2 if kind.known else 1), (None if kind.refers else 1)
        signup = self.signups[kind.name] = self.world.sign_up(kind.email, "Poi", campaign=campaign, referrer=referrer)
        self._of_user[str(signup.person.id)] = kind
        if kind.refers:
            self.world.at(self.world.now() + 600, lambda: self._bring_friend(kind, signup))
        if kind.qualifies:
            self.world.at(self.world.now() + 600, lambda: self._qualify(kind))

    def _bring_friend(self, kind: Kind, signup: Signup) -> None:
        self.world.sign_up(f"friend.of.{kind.email.partition('@')[0]}@example.com", "Fred", referrer=signup.person.id)

    def _qualify(self, kind: Kind) -> None:
        for contact in self.world.contacts(kind.email):
            values = {"custom_attributes": {"referral_status": "Connected"}}
            self.world.intercom.contacts.update(contact.id, values, by_api=False)
        notify(self.world)

    # -- what the vendors do ------------------------------------------------------------------------------------------

    def _watch(self, vendor: str, rules: Any) -> None:
        answer: Callable[[Request], Response] = rules.answer

        def watched(request: Request) -> Response:
            task = self.world.loop.current
            kind = self._about(vendor, request)
            if kind is None and task in self._met and self._finds_out(request):
                kind = self._met[task]
            if kind is None:
                self._met.pop(task, None)
                return answer(request)
            self.calls[kind.name].append(self.world.now())
            if self._asks_about_nobody(request):
                return answer(request)
            return self._treat(vendor, kind, request, answer, rules)

        rules.answer = watched

    def _treat(self, vendor: str, kind: Kind, request: Request, answer: Callable[[Request], Response], rules: Any) -> Response:
        call = f"{request.method} {request.path}"
        rule = next((one for one in kind.rules if one.vendor == vendor and re.fullmatch(one.calls, call)), None)
        if rule is None or not self.active:
            return answer(request)
        self._met[self.world.loop.current] = kind
        if rule.status == HANG:
            self.world.sleep(_patience(vendor, call))
            raise UnavailableError(f"{vendor}: ReadTimeout")
        response: Response = rules.refuse(rule.status)
        body = rule.body.replace(b"{other}", self._other.id.encode())
        return replace(response, body=body) if body else response

    def _about(self, vendor: str, request: Request) -> Kind | None:
        body = json.loads(request.body) if request.body[:1] == b"{" else {}
        if vendor == "referral_factory":
            last = request.path.rsplit("/", 1)[-1]
            return self._of_user.get(str(body.get("id")) if last == "qualification" else last)
        named = re.search("/contacts/([0-9a-f]{24})", request.path)
        contact = self.world.intercom.workspace.contacts.get(named[1] if named else str(body.get("id")))
        email = contact.email if contact else body.get("email") or body.get("query", {}).get("value")
        return self._of_email.get(email) if isinstance(email, str) else None

    def _finds_out(self, request: Request) -> bool:
        """Whether the call asks who is refused, or what attributes there are, or is about a person that an answer has named."""
        return self._asks_about_nobody(request) or self._other.id in request.path

    def _asks_about_nobody(self, request: Request) -> bool:
        return b"nobody@example.invalid" in request.body or request.path in {"/me", "/data_attributes"}

    @property
    def user_ids(self) -> frozenset[int]:
        return frozenset(signup.person.id for signup in self.signups.values())

    # -- how it ended -------------------------------------------------------------------------------------------------

    def most_calls_in_a_day(self) -> dict[str, int]:
        """Kind → calls for that person in their busiest day."""
        return {
            name: max((index + 1 - bisect_left(times, at - DAY) for index, at in enumerate(times)), default=0)
            for name, times in self.calls.items()
        }

    def wrong_ends(self) -> list[str]:
        """Who did not end as they may, or without a reason."""
        found = []
        for kind in self.kinds:
            signup = self.signups[kind.name]
            row = self.world.row_of(signup)
            state = str(row.state) if row else "no row"
            if state not in kind.ends or (state != "delivered" and not (row and row.reason)):
                found.append(f"{kind.name}: {state} {row.reason if row else ''}")
        return found
