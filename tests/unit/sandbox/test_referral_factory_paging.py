"""Pages of the Referral Factory stand-in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.referral_factory_builder import Caller


def many(**settings: Any) -> Caller:
    return Caller(seed_people=596, **settings)


def pages(caller: Caller, first: str = "/users?per_page=250") -> list[list[int]]:
    """The ids of each page, following ``links.next``."""
    found, path = [], first
    while path:
        document = caller.read("GET", path)
        found.append([user["id"] for user in document["data"]])
        following = document["links"]["next"]
        parts = urlsplit(following) if following else None
        path = f"{parts.path.removeprefix('/api/v2')}?{parts.query}" if parts else ""
    return found


def test_25_rows_unless_asked_for_more() -> None:
    document = many().read("GET", "/users")
    assert len(document["data"]) == 25
    assert document["meta"] == {
        "current_page": 1,
        "from": 1,
        "last_page": 24,
        "path": "http://127.0.0.1:8002/api/v2/users",
        "per_page": 25,
        "to": 25,
        "total": 600,
    }


@pytest.mark.parametrize("query", ["per_page=251", "per_page=0", "per_page=x", "page=0", "page=-1"])
def test_a_page_that_cannot_be_is_refused(query: str) -> None:
    assert many().refused("GET", f"/users?{query}") == (422, {query.partition("=")[0]})


def test_too_long_a_page_can_be_clamped() -> None:
    assert len(many(per_page_above_250="clamped").read("GET", "/users?per_page=1000")["data"]) == 250


@pytest.mark.parametrize(("order", "expected"), [("ascending", range(1, 601)), ("descending", range(600, 0, -1))])
def test_the_pages_in_order_hold_everybody(order: str, expected: range) -> None:
    assert [number for page in pages(many(order=order)) for number in page] == list(expected)


def test_a_shuffled_order_stays_and_holds_everybody() -> None:
    caller = many(order="shuffled")
    ids = [number for page in pages(caller) for number in page]
    assert sorted(ids) == list(range(1, 601))
    assert ids != sorted(ids)
    assert pages(caller) == pages(caller)


def test_a_random_order_is_another_at_each_call() -> None:
    caller = many(order="random")
    first, second = (caller.read("GET", "/users?per_page=250")["data"] for _ in range(2))
    assert [user["id"] for user in first] != [user["id"] for user in second]
    assert len({user["id"] for user in first}) == 250


def test_a_random_order_holds_everybody_on_one_page() -> None:
    ids = [user["id"] for user in Caller(order="random").read("GET", "/users")["data"]]
    assert sorted(ids) == [1, 2, 3, 4]


def test_somebody_new_shifts_the_pages_of_a_descending_list() -> None:
    caller = many(order="descending")
    first = [user["id"] for user in caller.read("GET", "/users?per_page=250")["data"]]

    caller.create("eve@example.com")

    second = [user["id"] for user in caller.read("GET", "/users?per_page=250&page=2")["data"]]
    assert set(first) & set(second) == {first[-1]}


def test_somebody_deleted_hides_another_from_a_reader_of_an_ascending_list() -> None:
    caller = many()
    caller.read("GET", "/users?per_page=250")

    caller.call("DELETE", "/users/1")

    second = [user["id"] for user in caller.read("GET", "/users?per_page=250&page=2")["data"]]
    assert second[0] == 252


def test_beyond_the_last_page_there_is_nobody() -> None:
    document = many().read("GET", "/users?per_page=250&page=4")
    assert (document["data"], document["links"]["next"]) == ([], None)


def test_the_next_link_keeps_the_query_unless_told_not_to() -> None:
    path = "/users?per_page=250&with=user.analytics"
    assert "with=user.analytics" in many().read("GET", path)["links"]["next"]
    following = many(next_keeps_query=False).read("GET", path)["links"]["next"]
    assert following == "http://127.0.0.1:8002/api/v2/users?page=2"


@pytest.mark.parametrize(
    ("form", "start"),
    [("relative", "/api/v2/users?"), ("other_host", "https://pages.example.net/"), ("same_page", "http://127.0.0.1")],
)
def test_the_next_link_can_be_awkward(form: str, start: str) -> None:
    following = many(next_link=form).read("GET", "/users?per_page=250")["links"]["next"]
    assert following.startswith(start)
    assert following.endswith("page=1" if form == "same_page" else "page=2")


def test_a_missing_next_link() -> None:
    assert many(next_link="missing").read("GET", "/users")["links"]["next"] is None


def test_the_list_ignores_the_campaign_unless_told_not_to() -> None:
    assert Caller().read("GET", "/users?campaign_id=2")["meta"]["total"] == 4
    assert Caller(campaign_filter="honoured").read("GET", "/users?campaign_id=2")["meta"]["total"] == 1
