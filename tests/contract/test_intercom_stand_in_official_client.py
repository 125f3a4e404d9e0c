"""Intercom's own Python client works against the served stand-in."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from random import Random
from time import time
from typing import Any

import httpx
import pytest

from sandbox.vendors.intercom import Intercom, IntercomSettings
from sandbox.vendors.server import RunningServer, serve

with warnings.catch_warnings():
    # Its generated models use names and settings that newer pydantic versions warn about while they are imported.
    warnings.simplefilter("ignore")
    import intercom as official
    from intercom.core.api_error import ApiError


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    settings = IntercomSettings()
    settings.change({"search_lag_seconds": 0.0, "tokens": ["test-token"]})
    with serve(Intercom(clock=time, chance=Random(1), settings=settings)) as running:
        yield running


@pytest.fixture
def client(server: RunningServer) -> Iterator[Any]:
    with httpx.Client(timeout=10, trust_env=False) as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lazily imported models, as above
        yield official.Intercom(
            token="test-token",
            base_url=server.url,
            headers={"Intercom-Version": "2.16"},
            httpx_client=connection,
        )


def test_the_life_of_a_contact(client: Any) -> None:
    lead = client.contacts.create(request={"role": "lead", "email": "life@example.com", "name": "Life"})

    assert (lead.role, lead.email) == ("lead", "life@example.com")

    user = client.contacts.update(
        contact_id=lead.id, role="user", custom_attributes={"referral_status": "Connected", "referral_count": 2}
    )
    assert (user.id, user.role) == (lead.id, "user")

    found = client.contacts.find(contact_id=lead.id)
    assert found.custom_attributes == {"referral_status": "Connected", "referral_count": 2}
    assert client.contacts.archive(contact_id=lead.id).archived is True

    with pytest.raises(ApiError) as refused:
        client.contacts.find(contact_id=lead.id)
    assert refused.value.status_code == 404

    with pytest.raises(ApiError) as refused:
        client.contacts.create(request={"role": "user", "email": "life@example.com"})
    assert refused.value.status_code == 409
    assert f"An archived contact matching those details already exists with id={lead.id}" in str(refused.value.body)
    assert client.contacts.unarchive(contact_id=lead.id).archived is False
    assert client.contacts.delete(contact_id=lead.id).deleted is True


def test_list_and_search_in_pages(client: Any) -> None:
    listed = client.contacts.list(per_page=2)
    assert len(list(listed)) >= 6

    query = {"field": "email", "operator": "=", "value": "ADA.stone@example.com"}
    found = list(client.contacts.search(query=query, pagination={"per_page": 5}))

    assert [one.email for one in found] == ["ada.stone@example.com"]


def test_a_merge(client: Any) -> None:
    lead = client.contacts.create(request={"role": "lead", "email": "merge@example.com"})
    user = client.contacts.create(request={"role": "user", "email": "merge@example.com"})

    assert client.contacts.merge_lead_in_user(lead_id=lead.id, contact_id=user.id).id == user.id

    with pytest.raises(ApiError) as gone:
        client.contacts.find(contact_id=lead.id)
    assert gone.value.status_code == 410


def test_attributes_segments_tags_events_and_me(client: Any) -> None:
    attributes = client.data_attributes.list(model="contact")
    assert "custom_attributes.referral_link" in {one.full_name for one in attributes.data}

    segments = client.segments.list(include_count=True)
    assert {one.name for one in segments.segments} == {"All users", "All leads", "Champions"}

    tags = client.tags.list()
    assert {"Newsletter", "Partners"} <= {one.name for one in tags.data}

    me = client.admins.identify()
    assert (me.app.id_code, me.app.region) == ("local-workspace", "US")

    lead = client.contacts.create(request={"role": "lead", "email": "event@example.com"})

    event = {"event_name": "referral_reward_issued", "created_at": 1795003200, "id": lead.id}
    assert client.events.create(request=event) is None


def test_errors_are_the_clients_own(client: Any, server: RunningServer) -> None:
    server.faults.add({"kind": "status", "status": 429, "times": 1, "path": "^/me"})
    with pytest.raises(ApiError) as limited:
        client.admins.identify(request_options={"max_retries": 0})
    assert limited.value.status_code == 429

    server.vendor.change_settings({"tokens": []})
    with pytest.raises(ApiError) as refused:
        client.tags.list()
    assert refused.value.status_code == 401

    server.vendor.change_settings({"tokens": ["test-token"]})
