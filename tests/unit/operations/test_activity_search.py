"""Activity as an inbox: found by a part of a name or address and by day, counted by what it asks of a person."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from shared.domain.person import Person, Referrer
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from tests.support.builders import App
from tests.support.clock import NOW
from tests.support.console_api import Console

DAY = 86_400.0
PEOPLE = (
    (1, "Zoë", "zoe.young@example.com", None, State.DELIVERED),
    (2, "Ivo", "ivo@sample.example", ("Zoë", "zoe.young@example.com"), State.FAILED),
    (3, "Ann-Marie", "am@example.com", ("Ivo", "ivo@sample.example"), State.PENDING),
    (4, None, "nobody.else@example.com", None, State.KNOWN),
)


def add(
    app: App, user_id: int, name: str | None, email: str, referrer: tuple[str, str] | None, state: State, **more: Any
) -> None:
    referring = Referrer(9, referrer[0], referrer[1]) if referrer else Referrer()
    person = Person(user_id, first_name=name, email=email, referrer=referring, meta=more.pop("meta", {}))
    at = more.pop("accepted_at", NOW + user_id * DAY)
    more.setdefault("version", 1)  # tried at least once: before that a row is in no list
    app.environment.referrals.add(Referral(more.pop("campaign_id", 1), user_id, state, person, at, **more))


def found(console: Console, **query: Any) -> list[int]:
    """Page after page, as the console reads them."""
    ids: list[int] = []
    cursor = None
    for _ in range(50):
        asked = {**query, **({"cursor": cursor} if cursor else {})}
        page = console.get("/api/referrals", urlencode(asked))
        ids += [row["user_id"] for row in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            return ids
    raise AssertionError("no end")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("zoe", [2, 1]),  # herself, and the friend she referred; accents do not matter
        ("ZOË", [2, 1]),
        ("sample.example", [3, 2]),
        ("young@", [2, 1]),
        ("marie", [3]),
        (" else ", [4]),
        ("lindqvist", [5]),
        ("nobody there", []),
    ],
)
def test_a_part_of_a_name_or_an_address_finds_the_person_and_those_they_referred(
    console: Console, text: str, ids: list[int]
) -> None:
    for one in PEOPLE:
        add(console.app, *one)
    add(console.app, 5, "Lea", "lea@example.com", None, State.DELIVERED, meta={"Last Name": "Lindqvist"})
    assert found(console, text=text) == ids


def test_the_whole_list_is_searched_however_long_it_is(console: Console) -> None:
    add(console.app, 1, "Needle", "needle@example.com", None, State.DELIVERED, accepted_at=NOW)
    for user_id in range(2, 1_502):
        add(console.app, user_id, "Hay", f"hay{user_id}@example.com", None, State.DELIVERED, accepted_at=NOW + user_id)
    assert found(console, text="needle") == [1]
    assert found(console, text="hay1501") == [1_501]


@pytest.mark.parametrize("narrowed", [{}, {"campaign_id": 1}, {"group": "done"}, {"text": "p"}])
def test_the_days_of_the_signup_narrow_every_list(console: Console, narrowed: dict[str, Any]) -> None:
    for user_id in range(1, 6):
        add(console.app, user_id, f"P{user_id}", f"p{user_id}@example.com", None, State.DELIVERED)
    since, until = int(NOW + 2 * DAY), int(NOW + 4 * DAY)

    assert found(console, since=since, until=until, **narrowed) == [3, 2], "the last moment is the next day's"
    assert found(console, since=since, **narrowed) == [5, 4, 3, 2]
    assert found(console, until=until, **narrowed) == [3, 2, 1]


def test_each_part_of_the_list_is_counted_and_holds_as_many(console: Console) -> None:
    for one in PEOPLE:
        add(console.app, *one)
    add(console.app, 6, "Other", "other@example.com", None, State.DELIVERED, campaign_id=2)

    counts = console.get("/api/referrals/counts")
    assert counts == {"attention": 1, "waiting": 1, "done": 2, "quiet": 1, "closed": 0, "most": 10_000}

    for group in ("attention", "waiting", "done", "quiet", "closed"):
        assert len(found(console, group=group)) == counts[group], group

    assert console.get("/api/referrals/counts", "campaign_id=2")["done"] == 1
    assert console.get("/api/referrals/counts", f"since={int(NOW + 2 * DAY)}&until={int(NOW + 4 * DAY)}")["done"] == 0
    assert console.call("POST", "/api/closes", {"group": "attention"}).json["closed"] == 1
    assert console.get("/api/referrals/counts")["closed"] == 1


@pytest.mark.parametrize("query", [{"since": int(NOW + 2 * DAY)}, {"until": int(NOW + 2 * DAY)}])
def test_the_days_of_the_signup_narrow_the_counts_from_either_side(console: Console, query: dict[str, int]) -> None:
    for one in PEOPLE:
        add(console.app, *one)

    counts = console.get("/api/referrals/counts", urlencode(query))

    for group in ("attention", "waiting", "done", "quiet", "closed"):
        assert counts[group] == len(found(console, group=group, **query)), group
    assert sum(counts[group] for group in ("attention", "waiting", "done", "quiet", "closed")) == (3 if "since" in query else 1)


def test_several_who_were_selected_are_sent_again_closed_and_exported(console: Console) -> None:
    for user_id in range(1, 5):
        add(console.app, user_id, f"P{user_id}", f"p{user_id}@example.com", None, State.FAILED)
    chosen = [{"campaign_id": 1, "user_id": user_id} for user_id in (1, 3, 99)]
    assert found(console, people="1-1,1-3,1-99") == [3, 1]

    table = console.call("GET", "/api/referrals", query="people=1-1,1-3", accept="text/csv").text
    assert "p3@example.com" in table
    assert "p2@example.com" not in table
    assert console.post("/api/closes", {"people": chosen})["closed"] == 2
    assert console.post("/api/replays", {"people": chosen})["replayed"] == 2
    assert [console.app.row(user_id).state for user_id in range(1, 5)] == ["pending", "failed", "pending", "failed"]


def test_the_list_names_who_referred_somebody(console: Console) -> None:
    add(console.app, *PEOPLE[1])
    (row,) = console.get("/api/referrals")["items"]
    assert (row["referrer_first_name"], row["referrer_email"]) == ("Zoë", "zoe.young@example.com")


@pytest.mark.parametrize(
    "query",
    ["group=x", "group=DONE", "since=0", "since=x", "until=99999999999", "text=" + "a" * 101]
    + [f"people={text}" for text in ("x", "1", "1-", "0-1", "1-1,", "1-1;1-2", ",".join(["1-1"] * 101))],
)  # fmt: skip
def test_what_no_list_can_be_narrowed_by_is_refused(console: Console, query: str) -> None:
    assert console.call("GET", "/api/referrals", query=query).status == 400


def test_an_act_on_everybody_needs_more_than_days(console: Console) -> None:
    assert console.call("POST", "/api/replays", {"since": NOW, "campaign_id": 1}).status == 422
