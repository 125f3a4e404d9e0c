"""Settings through the API: read, saved as versions, never overwritten silently, refused in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.campaign_document import campaign_of
from shared.errors import ConfigurationError, ConnectionLostError, RateLimitedError, UnavailableError
from tests.support.clock import NOW

Json = dict[str, Any]
EVENTS = sorted(
    path.stem for path in (Path(__file__).parents[3] / "events").glob("admin_api_[!o]*.json") if "_sync" not in path.stem
)


@pytest.mark.parametrize("name", EVENTS)
def test_each_sample_event_is_answered(api: Any, document: Json, name: str) -> None:
    is_new = name == "admin_api_put_new_campaign"
    if not is_new:
        api.put(document)
    event = json.loads((Path(__file__).parents[3] / "events" / f"{name}.json").read_text())

    answer = api.play(event)

    assert answer.status == (201 if is_new else 200)
    assert answer.headers["content-type"] == "application/json"


def test_what_was_saved_is_read_again_unchanged(api: Any, document: Json) -> None:
    saved = api.put(document)

    assert (saved.status, saved.headers["etag"]) == (201, '"1"')
    assert saved.json == {"campaign_id": 1, "version": 1, "document": document, "warnings": []}

    read = api.call("GET", "/api/campaigns/1")
    assert read.status == 200
    assert read.headers["etag"] == '"1"'
    assert read.json == document


def test_each_save_is_a_version_with_its_author(api: Any, document: Json) -> None:
    api.put(document)
    saved = api.put({**document, "name": "New name"}, if_match='"1"')

    assert (saved.status, saved.headers["etag"]) == (200, '"2"')

    rows = api.call("GET", "/api/campaigns/1/versions").json["items"]
    assert [(row["version"], row["saved_by"], row["document"]["name"]) for row in rows] == [
        (2, "mara@example.com", "New name"),
        (1, "mara@example.com", "Friends of ours"),
    ]


def test_an_unchanged_campaign_is_answered_304(api: Any, document: Json) -> None:
    api.put(document)
    answer = api.call("GET", "/api/campaigns/1", if_none_match='W/"1"')

    assert answer.status == 304
    assert answer.text == ""
    assert answer.headers["etag"] == '"1"'
    assert api.call("GET", "/api/campaigns/1", if_none_match='"0"').status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"if_none_match": "*"}, 201),
        ({"if_match": '"1"'}, 412),
        ({"if_match": "*"}, 412),
    ],
)
def test_conditions_on_a_new_campaign(api: Any, document: Json, headers: dict[str, str], status: int) -> None:
    assert api.put(document, **headers).status == status
    assert len(api.call("GET", "/api/campaigns").json["items"]) == (1 if status == 201 else 0)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 428),
        ({"if_match": "*"}, 428),
        ({"if_none_match": "*"}, 412),
        ({"if_match": '"2"'}, 200),
        ({"if_match": '"1", "2"'}, 200),
        ({"if_match": '"1"'}, 412),
        ({"if_match": '"3"'}, 412),
        ({"if_match": 'W/"2"'}, 412),
        ({"if_match": "2"}, 412),
        ({"if_match": '"2", "'}, 200),
    ],
)
def test_conditions_on_an_existing_campaign(api: Any, document: Json, headers: dict[str, str], status: int) -> None:
    api.put(document)
    api.put(document, if_match='"1"')
    assert api.put({**document, "name": "Mine"}, **headers).status == status
    assert (api.call("GET", "/api/campaigns/1").json["name"] == "Mine") == (status == 200)


def test_a_stale_save_is_answered_with_both_versions(api: Any, document: Json) -> None:
    api.put(document)
    theirs, mine = {**document, "name": "Theirs"}, {**document, "name": "Mine"}
    api.put(theirs, if_match='"1"')

    answer = api.put(mine, if_match='"1"')

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["current"] == {"version": 2, "document": theirs}
    assert answer.json["sent"] == mine


def test_of_two_saves_at_once_one_is_refused(api: Any, document: Json) -> None:
    api.put(document)
    attributes = api.workspace.attributes

    def meanwhile() -> Any:
        api.workspace.attributes = attributes
        assert api.put({**document, "name": "Faster"}, if_match='"1"').status == 200
        return attributes()

    api.workspace.attributes = meanwhile
    answer = api.put({**document, "name": "Slower"}, if_match='"1"')

    assert (answer.status, answer.json["current"]["document"]["name"]) == (412, "Faster")


def test_campaigns_come_in_pages_by_id(api: Any, document: Json) -> None:
    for number in (30, 4, 200):
        api.put({**document, "campaign_id": number})
    first = api.call("GET", "/api/campaigns", query="limit=2").json

    assert [row["campaign_id"] for row in first["items"]] == [4, 30]
    assert first["items"][0] == {"campaign_id": 4, "name": "Friends of ours", "status": "active", "version": 1}

    last = api.call("GET", "/api/campaigns", query=f"limit=2&cursor={first['cursor']}").json
    assert ([row["campaign_id"] for row in last["items"]], last["cursor"]) == ([200], None)


def test_versions_come_in_pages(api: Any, document: Json) -> None:
    for number in range(3):
        api.put(document, **({"if_match": f'"{number}"'} if number else {}))
    first = api.call("GET", "/api/campaigns/1/versions", query="limit=2").json
    last = api.call("GET", "/api/campaigns/1/versions", query=f"cursor={first['cursor']}").json

    assert [[row["version"] for row in page["items"]] for page in (first, last)] == [[3, 2], [1]]
    assert last["cursor"] is None


def test_a_version_with_a_setting_that_is_no_more_is_shown_as_it_was_saved(api: Any, document: Json) -> None:
    older = {**document, "a_setting_of_before": True}
    api.environment.campaigns.save(campaign_of(older), None, "ann", NOW)

    (row,) = api.call("GET", "/api/campaigns/1/versions").json["items"]

    assert row["document"] == older


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=", "limit=²", "cursor=x", "cursor=9" + "9" * 20])
def test_paging_that_cannot_be_read_is_refused(api: Any, query: str) -> None:
    assert api.call("GET", "/api/campaigns", query=query).status == 400


@pytest.mark.parametrize("path", ["/api/campaigns/7", "/api/campaigns/7/versions", "/api/campaigns/0", "/api/campaigns/x"])
def test_what_is_not_there_is_404(api: Any, path: str) -> None:
    answer = api.call("GET", path)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")


def test_the_id_of_the_address_holds(api: Any, document: Json) -> None:
    answer = api.call("PUT", "/api/campaigns/2", document)
    assert answer.status == 422
    assert answer.json["errors"] == [{"place": "campaign_id", "message": "campaign_id is 1, the address 2."}]


def test_a_draft_may_lack_what_an_active_campaign_may_not(api: Any, document: Json) -> None:
    document["person_invited"]["mapping"] = document["person_invited"]["mapping"][:1]
    refused = api.put(document)

    assert refused.status == 422
    assert [error["place"] for error in refused.json["errors"]] == ["person_invited.mapping"]
    assert "E-mail is not mapped" in refused.json["errors"][0]["message"]

    saved = api.put({**document, "status": "draft"})
    assert saved.status == 201
    assert saved.json["warnings"] == refused.json["errors"]


@pytest.mark.parametrize(("status", "expected"), [("active", 422), ("draft", 422), ("paused", 201)])
def test_a_deleted_attribute_refuses_the_save_but_never_a_pause(api: Any, document: Json, status: str, expected: int) -> None:
    del api.workspace.known["custom_attributes.referral_link"]
    answer = api.put({**document, "status": status})

    assert answer.status == expected

    remarks = answer.json["errors" if expected == 422 else "warnings"]
    assert remarks[0]["place"] == "person_invited.mapping[3].to"
    assert "Intercom has no attribute custom_attributes.referral_link" in remarks[0]["message"]


@pytest.mark.parametrize(
    "failure",
    [
        UnavailableError("x", vendor="intercom"),
        RateLimitedError("x", retry_after=3),
        ConnectionLostError("x", status=401),
        ConfigurationError("no token"),
    ],
)
def test_saving_works_while_intercom_does_not_answer_and_says_so(api: Any, document: Json, failure: Any) -> None:
    api.workspace.failure = failure
    answer = api.put(document)
    assert answer.status == 201
    assert "Intercom cannot be reached" in answer.json["warnings"][0]["message"]


def test_what_can_never_work_is_refused_in_a_draft_as_well(api: Any, document: Json) -> None:
    api.workspace.failure = UnavailableError("x")
    document["person_invited"]["mapping"].append({"from": "code", "to": "role"})
    answer = api.put({**document, "status": "draft"})
    assert (answer.status, answer.json["errors"][0]["place"]) == (422, "person_invited.mapping[7].to")
