"""Pages of contacts, lists, and people who are added: our clients against the stand-ins and the vendors' descriptions."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.vendors.intercom.lists import add_segment, save_tag
from shared.adapters.http.transport import HttpResponse, TooLargeAnswerError
from shared.adapters.intercom.lists import next_cursor, page_of
from shared.adapters.referral_factory.client import ReferralFactoryClient
from shared.domain.contact import Role
from shared.domain.sync.sign_up_form import FormField
from shared.domain.sync.source import ContactFilter
from shared.errors import PermanentError, RejectedError, UnavailableError
from tests.contract.test_intercom_client import World, world

__all__ = ["world"]
ALL = ContactFilter()


@pytest.fixture
def lists(world: World) -> tuple[World, str, str]:
    workspace = world.intercom.vendor.workspace
    segment = add_segment(workspace, "Users", "user", {"field": "role", "operator": "=", "value": "user"})
    tag = save_tag(workspace, {"name": "vip"})
    return world, segment.id, tag.id


def read_all(world: World, wanted: ContactFilter) -> list[str]:
    found, cursor = list[str](), None
    while True:
        page = world.client.read_contacts(wanted, cursor)
        found += [contact.id for contact in page.contacts]
        cursor = page.cursor
        if cursor is None:
            return found


def test_everybody_is_read_page_by_page_with_a_total(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.adapters.intercom.client.SMALLER_PAGES", (2,))
    for number in range(5):
        world.intercom.call("POST", "/contacts", {"role": "user", "email": f"c{number}@example.com"})
    page = world.client.read_contacts(ALL, None)

    assert page.total == world.contacts()
    assert len(set(read_all(world, ALL))) == page.total


@pytest.mark.parametrize(
    "wanted",
    [
        ContactFilter(role=Role.LEAD),
        ContactFilter(role=Role.USER, changed_after=1_700_000_000),
        ContactFilter(changed_after=1_700_000_000),
    ],
)
def test_searches_fit_the_description(world: World, wanted: ContactFilter) -> None:
    read_all(world, wanted)
    assert {path for _, path in world.transport.sent} == {"/contacts/search"}


def test_lists_are_searched_alone_and_together(lists: tuple[World, str, str]) -> None:
    world, segment, tag = lists
    for ids in ((segment,), (segment, segment)):
        read_all(world, ContactFilter(list_field="segment_id", list_ids=ids))
        read_all(world, ContactFilter(list_field="segment_id", list_ids=ids, changed_after=1_700_000_000))
    assert read_all(world, ContactFilter(list_field="tag_id", list_ids=(tag,))) == []


def test_lists_have_names(lists: tuple[World, str, str]) -> None:
    world, segment, tag = lists
    assert world.client.list_ids("segment_id")[segment] == "Users"
    assert world.client.list_ids("tag_id")[tag] == "vip"


def test_an_unknown_segment_is_refused(world: World) -> None:
    with pytest.raises(RejectedError):
        world.client.read_contacts(ContactFilter(list_field="segment_id", list_ids=("nowhere",)), None)


def test_contacts_too_large_for_one_answer_come_in_smaller_pages(world: World) -> None:
    asked = list[str]()
    real = world.transport.send

    def send(method: str, url: str, headers: Any, body: Any, timeout: float) -> HttpResponse:
        asked.append(url.rpartition("per_page=")[2])
        if len(asked) < 3:
            raise TooLargeAnswerError("too large")
        return real(method, url, headers, body, timeout)

    world.transport.send = send  # type: ignore[method-assign]
    assert world.client.read_contacts(ALL, None).contacts is not None
    assert asked == ["150", "30", "5"]


@pytest.mark.parametrize(
    ("pages", "cursor"),
    [
        (None, None),
        ({}, None),
        ({"next": None}, None),
        ({"next": {"page": 2, "starting_after": "x"}}, "x"),
        ({"next": {"page": 2, "starting_after": ""}}, None),
        ({"next": "https://api.intercom.io/contacts?per_page=150&starting_after=Wz%3D%3D"}, "Wz=="),
        ({"next": "https://api.intercom.io/contacts"}, None),
        ({"next": 7}, None),
    ],
)
def test_the_next_page_is_named_by_a_cursor(pages: Any, cursor: str | None) -> None:
    assert next_cursor(pages, "https://api.intercom.io") == cursor


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/contacts?starting_after=x", "http://api.intercom.io/contacts?starting_after=x", "/contacts"],
)
def test_a_next_page_anywhere_else_is_refused(address: str) -> None:
    with pytest.raises(PermanentError, match="another host"):
        next_cursor({"next": address}, "https://api.intercom.io")


@pytest.mark.parametrize("total", ["12", None, [12], {}])
def test_a_total_that_is_no_number_is_unknown(total: Any) -> None:
    body = json.dumps({"data": [], "total_count": total}).encode()

    page = page_of(HttpResponse(200, {}, body), "https://api.intercom.io")

    assert page.total is None


def test_a_contact_without_its_time_of_creation_is_as_old_as_can_be() -> None:
    body = json.dumps({"data": [{"id": "a"}, {"id": "b", "created_at": 5}]}).encode()

    page = page_of(HttpResponse(200, {}, body), "https://api.intercom.io")

    assert [contact.created_at for contact in page.contacts] == [0, 5]


# -- Referral Factory -------------------------------------------------------------------------------------------------


class OneAnswer:
    """A transport that answers one thing and keeps what it was asked."""

    def __init__(self, status: int, document: Any) -> None:
        self.sent: list[tuple[str, str, Any]] = []
        self._answer = HttpResponse(status, {}, json.dumps(document).encode())

    def send(self, method: str, url: str, headers: Any, body: bytes | None, timeout: float) -> HttpResponse:
        self.sent.append((method, url, json.loads(body or b"null")))
        return self._answer


def client_of(transport: Any) -> ReferralFactoryClient:
    def key(*, fresh: bool = False) -> str:
        return "key"

    return ReferralFactoryClient(transport, key, "https://referral-factory.com/api/v2")


PERSON = {"id": 7, "campaign_id": 1, "first_name": "Ann", "email": "Ann@Example.com", "code": "x", "url": "https://r.co/x"}


def test_a_person_is_added_with_all_that_is_said() -> None:
    transport = OneAnswer(201, {"data": PERSON})
    person = client_of(transport).create_user(1, "ann@example.com", "Ann", {"Last Name": "Söderström"}, notify=False)

    assert person.user_id == 7
    assert person.url == "https://r.co/x"
    assert person.code == "x"
    assert person.referrals_count is None
    assert transport.sent == [
        (
            "POST",
            "https://referral-factory.com/api/v2/users",
            {
                "campaign_id": 1,
                "first_name": "Ann",
                "email": "ann@example.com",
                "notify": False,
                "meta": [{"field": "Last Name", "value": "Söderström"}],
            },
        )
    ]


def test_a_refusal_names_the_fields_and_quotes_nothing() -> None:
    errors = {"email": [{"field": "email", "message": "ann@example.com is taken"}], "first_name": []}
    with pytest.raises(RejectedError) as refused:
        client_of(OneAnswer(422, {"code": 422, "errors": errors})).create_user(1, "ann@example.com", "Ann", {}, notify=True)
    assert refused.value.field == "email, first_name"
    assert "ann" not in str(refused.value)


def test_of_many_refused_fields_the_first_five_are_named() -> None:
    errors = {f"field_{letter}": [] for letter in "fedcba"}

    with pytest.raises(RejectedError) as refused:
        client_of(OneAnswer(422, {"errors": errors})).create_user(1, "ann@example.com", "Ann", {}, notify=True)

    assert refused.value.field == "field_a, field_b, field_c, field_d, field_e"


@pytest.mark.parametrize("document", [{"data": []}, {"data": {"first_name": "Ann"}}, {}])
def test_an_answer_without_a_person_counts_as_no_answer(document: Any) -> None:
    with pytest.raises(UnavailableError):
        client_of(OneAnswer(201, document)).create_user(1, "ann@example.com", "Ann", {}, notify=False)


def test_a_form_is_read_as_far_as_it_can_be() -> None:
    form = [
        {"label": "First Name", "required": True},
        {"label": "Team", "required": "1"},
        {"label": None},
        "x",
        {"label": "Size"},
    ]
    transport = OneAnswer(200, {"data": {"id": 1, "fields": {"person_referring": form}}})
    assert client_of(transport).form(1) == [FormField("First Name", True), FormField("Team", True), FormField("Size")]
    assert transport.sent == [("GET", "https://referral-factory.com/api/v2/campaigns/1", None)]


@pytest.mark.parametrize(
    "document", [{}, {"data": None}, {"data": {"fields": None}}, {"data": {"fields": {"person_referring": {}}}}]
)
def test_a_campaign_without_a_readable_form_asks_for_nothing(document: Any) -> None:
    assert list(client_of(OneAnswer(200, document)).form(1)) == []
    assert list(client_of(OneAnswer(404, document)).form(1)) == []


class ListOfPeople:
    """A transport over so many people, whose ids count from 1; it keeps which pages it was asked for."""

    def __init__(self, people: int) -> None:
        self.asked: list[tuple[int, int]] = []
        self._ids = range(1, people + 1)

    def send(self, method: str, url: str, headers: Any, body: bytes | None, timeout: float) -> HttpResponse:
        query = parse_qs(urlsplit(url).query)
        page, size = int(query["page"][0]), int(query["per_page"][0])
        self.asked.append((page, size))
        people = [{"id": number, "campaign_id": 1} for number in self._ids[(page - 1) * size : page * size]]
        document = {"data": people, "meta": {"last_page": -(-len(self._ids) // size)}}
        return HttpResponse(200, {}, json.dumps(document).encode())


@pytest.mark.parametrize(
    ("smaller", "asked"),
    [(0, [(2, 250)]), (1, [(part, 50) for part in range(6, 11)]), (2, [(part, 10) for part in range(26, 51)])],
)
def test_a_page_in_parts_holds_the_same_people_as_the_page(smaller: int, asked: list[tuple[int, int]]) -> None:
    transport = ListOfPeople(600)

    page = client_of(transport).users(2, smaller)

    assert [person.user_id for _, person in page.people] == list(range(251, 501))
    assert page.last_page == 3
    assert transport.asked == asked


def test_a_search_is_compared_again() -> None:
    others = [{**PERSON, "id": 8, "campaign_id": 2}, {**PERSON, "id": 9, "email": "bea@example.com"}, PERSON]
    found = client_of(OneAnswer(200, {"data": others})).search_user(1, " ann@example.com")

    assert found is not None
    assert found.user_id == 7
    assert client_of(OneAnswer(200, {"data": others[:2]})).search_user(1, "ann@example.com") is None

    with pytest.raises(UnavailableError):
        client_of(OneAnswer(200, {"data": None})).search_user(1, "ann@example.com")
