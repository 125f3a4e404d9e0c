"""``/users``: list, search and read. https://referral-factory.com/developers (users)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sandbox.vendors.referral_factory.account import Account
from sandbox.vendors.referral_factory.api import objects
from sandbox.vendors.referral_factory.api.bodies import read_id, read_json
from sandbox.vendors.referral_factory.api.paging import list_document, ordered, read_page
from sandbox.vendors.referral_factory.api.refusals import RefusedError
from sandbox.vendors.referral_factory.api.search import Search, read_search
from sandbox.vendors.referral_factory.records import Person
from sandbox.vendors.wire import Request, Response

SEARCHABLE = frozenset({"id", "campaign_id", "referrer_id", "first_name", "email", "code", "source", "type"})


def read_with(request: Request) -> set[str]:
    """The values of ``with``, which may be repeated or joined by commas."""
    return {part for value in request.query.get("with", []) for part in value.split(",")}


def list_users(account: Account, request: Request) -> Response:
    ids: Sequence[int] | None = None
    if account.settings.campaign_filter == "honoured" and (campaign_id := request.first("campaign_id")):
        ids = account.people.ids(read_id(campaign_id, "campaign_id"))
    return _page_of(account, request, ids, read_with(request))


def search_users(account: Account, request: Request) -> Response:
    search = read_search(read_json(request), SEARCHABLE)
    ids = [person.id for person in _candidates(account, search) if search.matches(lambda name, of=person: getattr(of, name))]
    return _page_of(account, request, ids, read_with(request))


def _candidates(account: Account, search: Search) -> list[Person]:
    """The people who can be hits, ascending, by the narrowest index there is."""
    people, required = account.people, search.required
    found: list[Person | None]
    if "id" in required:
        found = [people.with_id(int(required["id"]))] if required["id"].isdecimal() else []
    elif "code" in required:
        found = [people.with_code(required["code"])]
    elif "email" in required:
        found = list(people.everywhere_with_email(required["email"]))
    elif required.get("campaign_id", "").isdecimal():
        found = [people[number] for number in people.ids(int(required["campaign_id"]))]
    else:
        found = [people[number] for number in people.ids()]
    return [person for person in found if person]


def _page_of(account: Account, request: Request, ids: Sequence[int] | None, with_: set[str]) -> Response:
    people, settings = account.people, account.settings
    page = read_page(request, len(people) if ids is None else len(ids), settings)
    on_page = ordered(people, ids, page, settings.order, account.chance)
    rows = [objects.user(account, people[number], with_) for number in on_page]
    return Response.of_json(200, list_document(request, page, rows, settings))


def get_user(account: Account, request: Request, identifier: str) -> Response:
    """By id or code; by e-mail only if the settings say so."""
    person = None
    if identifier.isascii() and identifier.isdecimal():
        person = account.people.with_id(int(identifier))
    person = person or account.people.with_code(identifier)
    if person is None and account.settings.user_by_email:
        person = next(iter(account.people.everywhere_with_email(identifier)), None)
    if person is None:
        raise missing(account, identifier)
    return user_answer(account, person, 200, read_with(request))


def missing(account: Account, identifier: str) -> RefusedError:
    """The refusal for a person who is not there, or not any more."""
    people = account.people
    was_there = identifier in people.deleted_codes or (
        identifier.isascii() and identifier.isdecimal() and int(identifier) in people.deleted_ids
    )
    return RefusedError(account.settings.deleted_status if was_there else 404)


def user_answer(
    account: Account,
    person: Person,
    status: int,
    with_: Sequence[str] | set[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One user in ``data``."""
    return Response.of_json(status, {"data": objects.user(account, person, with_)}, headers)
