"""Our Intercom client against the stand-in over sockets; each request that it sends fits Intercom's own description."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.vendors.server import RunningServer, serve
from shared.adapters.http.transport import HttpResponse, RequestsTransport
from shared.adapters.intercom.client import IntercomClient
from shared.domain.connection.connection import Connection
from shared.domain.contact import Role
from shared.errors import (
    ApplicationRefusedError,
    ConnectionLostError,
    ContactGoneError,
    DuplicateError,
    NotRestorableError,
    RateLimitedError,
    RejectedError,
    ResourceRefusedError,
    UnavailableError,
)
from tests.contract.intercom_openapi import DESCRIPTION, validate_request
from tests.support.clock import VirtualClock
from tests.support.intercom_builder import IntercomUnderTest


class CheckedTransport:
    """Counts the calls, and compares each with Intercom's description where that is there."""

    def __init__(self, url: str) -> None:
        self.sent: list[tuple[str, str]] = []
        self.headers: list[Mapping[str, str]] = []
        self._real = RequestsTransport([url])

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> HttpResponse:
        path = url.removeprefix(f"{urlsplit(url).scheme}://{urlsplit(url).netloc}")
        self.sent.append((method, path))
        self.headers.append(headers)
        if DESCRIPTION.exists():
            validate_request(method, path, None if body is None else json.loads(body))
        return self._real.send(method, url, headers, body, timeout)

    def close(self) -> None:
        self._real.close()


class World:
    """The stand-in, served; the client; and what lies between."""

    def __init__(self) -> None:
        self.intercom = IntercomUnderTest()
        self.server: RunningServer = serve(self.intercom.vendor, clock=self.intercom.clock)
        self.transport = CheckedTransport(self.server.url)
        self.clock = VirtualClock()
        self.tokens = ["local-intercom-token"]
        self.fresh_reads = 0
        self.client = IntercomClient(self.transport, self.clock, self.token, self.server.url)

    def token(self, *, fresh: bool = False) -> str:
        self.fresh_reads += fresh
        return self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0]

    def fault(self, kind: str, **order: Any) -> None:
        self.server.faults.add({"kind": kind, "times": 1, **order})

    def contacts(self) -> int:
        return int(self.intercom.call("GET", "/contacts")["total_count"])


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.transport.close()
    world.server.stop()


def test_the_life_of_a_lead(world: World) -> None:
    client = world.client
    created = client.create_contact(
        "ada+x@example.com", Role.LEAD, {"name": "Ada", "email": "ada+x@example.com", "custom_attributes.referral_count": 0}
    )

    assert (created.role, created.email) == (Role.LEAD, "ada+x@example.com")
    assert created.value("custom_attributes.referral_count") == 0

    changed = client.put_contact(created.id, {"custom_attributes.referral_status": "New"})
    assert (changed.value("name"), changed.value("custom_attributes.referral_status")) == ("Ada", "New")
    assert client.put_contact(created.id, {}, Role.USER).role is Role.USER
    assert client.get_contact(created.id).created_at == created.created_at == int(world.intercom.clock.at)
    assert {headers["Intercom-Version"] for headers in world.transport.headers} == {"2.16"}


def test_the_workspace_and_its_attributes(world: World) -> None:
    assert world.client.identify() == Connection("local-workspace", "US", "Europe/Berlin", "Local workspace")

    attributes = world.client.attributes()
    assert attributes["custom_attributes.referral_count"].data_type == "integer"
    assert attributes["name"].writable
    assert not attributes["created_at"].writable

    before = len(world.transport.sent)
    world.clock.at += 599

    assert world.client.attributes() is attributes
    assert len(world.transport.sent) == before

    world.clock.at += 1
    world.fault("status", status=503)

    assert world.client.attributes() is attributes

    world.fault("status", status=503)
    world.clock.at += 86_400
    with pytest.raises(UnavailableError):
        world.client.attributes()
    assert world.client.attributes() is not attributes

    fresh = world.client.attributes()
    assert world.client.read_attributes() is not fresh

    world.fault("status", status=503)
    with pytest.raises(UnavailableError):
        world.client.read_attributes()


def test_an_attribute_that_is_missing_is_looked_for_every_thirty_seconds(world: World) -> None:
    known = world.client.attributes()
    wanted = ["custom_attributes.nowhere", "name"]
    before = len(world.transport.sent)

    assert world.client.attributes(wanted) is known

    world.clock.at += 30

    assert world.client.attributes(["custom_attributes.referral_link", "external_fancy"]) is known
    assert len(world.transport.sent) == before
    assert world.client.attributes(wanted) is not known

    world.client.attributes(wanted)

    assert len(world.transport.sent) == before + 1

    world.clock.at += 30
    world.fault("status", status=503)
    kept = world.client.attributes(wanted)

    assert world.client.attributes(wanted) is kept
    assert len(world.transport.sent) == before + 2


def test_search_finds_by_folded_email_on_every_page(world: World) -> None:
    for _ in range(151):
        world.intercom.a_lead("dora@example.com")
    world.intercom.a_lead("eva@example.com")

    assert len(world.client.search_by_email(" Dora@Example.com ")) == 151
    assert [path for _, path in world.transport.sent] == ["/contacts/search"] * 2
    assert world.client.search_by_email("nobody@example.com") == []


def test_search_finds_several_people_at_once(world: World) -> None:
    ids = {world.intercom.a_lead(f"p{number}@example.com")["id"] for number in range(15)}
    world.intercom.a_lead("eva@example.com")
    assert {hit.id for hit in world.client.search_by_email(*(f"P{number}@example.com" for number in range(15)))} == ids
    assert [path for _, path in world.transport.sent] == ["/contacts/search"]


def test_a_taken_user_names_its_contact(world: World) -> None:
    taken = world.intercom.a_user("ada@example.com")
    lead = world.intercom.a_lead("ada@example.com")
    with pytest.raises(DuplicateError) as live:
        world.client.create_contact("ada@example.com", Role.USER, {})
    assert (live.value.contact_id, live.value.archived) == (taken["id"], False)

    with pytest.raises(DuplicateError) as collision:
        world.client.put_contact(lead["id"], {}, Role.USER)
    assert collision.value.contact_id == taken["id"]

    world.intercom.call("POST", f"/contacts/{taken['id']}/archive")
    with pytest.raises(DuplicateError) as archived:
        world.client.create_contact("ada@example.com", Role.USER, {})
    assert (archived.value.contact_id, archived.value.archived) == (taken["id"], True)

    with pytest.raises(ContactGoneError):
        world.client.get_contact(taken["id"])
    world.client.unarchive_contact(taken["id"])

    assert world.client.get_contact(taken["id"]).email == "ada@example.com"


def test_a_lead_is_merged_into_a_user_with_the_same_email_and_into_nobody_else(world: World) -> None:
    lead, user, other = (
        world.intercom.a_lead("ada@example.com"),
        world.intercom.a_user("ada@example.com"),
        world.intercom.a_user("bob@example.com"),
    )
    for wrong in ((lead["id"], other["id"]), (other["id"], user["id"])):
        with pytest.raises(RejectedError):
            world.client.merge_contacts(*wrong)
    world.client.merge_contacts(lead["id"], user["id"])

    with pytest.raises(ContactGoneError) as again:
        world.client.merge_contacts(lead["id"], user["id"])
    assert again.value.status in {404, 410}


def test_merged_and_deleted_contacts_say_where_they_went(world: World) -> None:
    lead, user = world.intercom.a_lead("ada@example.com"), world.intercom.a_user("ada@example.com")
    world.intercom.call("POST", "/contacts/merge", {"from": lead["id"], "into": user["id"]})
    with pytest.raises(ContactGoneError) as merged:
        world.client.put_contact(lead["id"], {"name": "x"})
    assert (merged.value.status, merged.value.canonical_id) == (410, user["id"])

    with pytest.raises(NotRestorableError) as not_restorable:
        world.client.unarchive_contact(lead["id"])
    assert "was merged into another" in str(not_restorable.value)

    world.intercom.call("DELETE", f"/contacts/{user['id']}")
    with pytest.raises(ContactGoneError) as deleted:
        world.client.get_contact(user["id"])
    assert deleted.value.canonical_id is None

    with pytest.raises(NotRestorableError) as gone:
        world.client.unarchive_contact(user["id"])
    assert "is being deleted for good" in str(gone.value)


def test_a_refused_attribute_is_named(world: World) -> None:
    lead = world.intercom.a_lead()
    for name, value in (("custom_attributes.gone", "x"), ("custom_attributes.referral_count", "many")):
        with pytest.raises(RejectedError) as refused:
            world.client.put_contact(lead["id"], {"name": "Dora", "custom_attributes.referral_status": "New", name: value})
        assert refused.value.field == name
    with pytest.raises(RejectedError) as bad_email:
        world.client.create_contact("not an address", Role.LEAD, {"name": "x"})
    assert bad_email.value.field == "email"
    assert "not an address" not in str(bad_email.value)


def test_a_replaced_token_is_read_again_once(world: World) -> None:
    world.tokens = ["old-token", "local-intercom-token"]
    assert world.client.identify().workspace_id == "local-workspace"
    assert world.fresh_reads == 1

    world.fault("status", status=401)

    assert world.client.create_contact("eva@example.com", Role.USER, {}).role is Role.USER


def test_a_revoked_token_is_a_lost_connection(world: World) -> None:
    world.tokens = ["revoked"]
    with pytest.raises(ConnectionLostError):
        world.client.get_contact("1")
    assert len(world.transport.sent) == 4

    world.tokens = [""]
    with pytest.raises(ConnectionLostError):
        world.client.get_contact("1")
    assert len(world.transport.sent) == 4


def test_the_rate_limit_tells_how_long_to_wait(world: World) -> None:
    world.intercom.vendor.change_settings({"limit_per_window": 1})
    world.client.identify()
    with pytest.raises(RateLimitedError) as limited:
        world.client.identify()
    assert limited.value.retry_after is not None
    assert 0 <= limited.value.retry_after <= 60
    assert limited.value.code == "rate_limit_exceeded"


@pytest.mark.parametrize(
    ("kind", "created"),
    [("status", 0), ("reset", 0), ("html", 0), ("error_list_200", 0), ("lost_answer", 1), ("truncated", 1)],
)
def test_a_create_is_sent_once_whatever_comes_back(world: World, kind: str, created: int) -> None:
    world.fault(kind)
    with pytest.raises(UnavailableError) as failure:
        world.client.create_contact("ada@example.com", Role.LEAD, {})
    assert failure.value.vendor == "intercom"
    assert [method for method, _ in world.transport.sent] == ["POST"]
    assert world.contacts() == created


def test_a_forbidden_call_is_about_this_object_when_a_search_is_answered(world: World) -> None:
    world.fault("status", status=403, times=1)
    with pytest.raises(ResourceRefusedError) as forbidden:
        world.client.get_contact("1")
    assert forbidden.value.status == 403


def test_a_forbidden_call_is_about_the_application_when_a_search_is_forbidden_too(world: World) -> None:
    world.fault("status", status=403, times=2)
    with pytest.raises(ApplicationRefusedError):
        world.client.get_contact("1")


def test_a_401_is_about_one_resource_when_the_token_is_taken_elsewhere(world: World) -> None:
    world.fault("status", status=401, path="^/events", times=9)
    with pytest.raises(ResourceRefusedError, match="Write events") as refused:
        world.client.create_event("1", "x", 1, {})
    assert refused.value.permission == "Write events"


def test_an_event_is_refused_for_want_of_a_permission_only_when_one_about_nobody_is_refused_too(world: World) -> None:
    world.fault("status", status=403, times=1)
    with pytest.raises(ResourceRefusedError) as refused:
        world.client.create_event("1", "x", 1, {})
    assert refused.value.permission == ""
