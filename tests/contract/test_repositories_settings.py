"""Campaigns, connection, breakers and progress keep their promises on every engine."""

from dataclasses import replace

import pytest

from shared.adapters.campaign_document import campaign_of
from shared.adapters.dynamodb.campaign.campaigns import DynamoCampaigns
from shared.adapters.dynamodb.connection.connections import DynamoConnections
from shared.adapters.dynamodb.operations.progresses import DynamoProgresses
from shared.adapters.dynamodb.vendor.breakers import DynamoBreakers
from shared.domain.campaign.campaign import Status
from shared.domain.connection.connection import Breaker, BreakerKind, Connection, Vendor
from shared.errors import ConflictError
from tests.contract.repository_tables import Tables, engine, tables
from tests.support.clock import NOW

__all__ = ["engine", "tables"]


def document(campaign_id: int = 1, status: str = "draft") -> dict[str, object]:
    return {"campaign_id": campaign_id, "name": "Friends", "status": status, "aliases": {"E-mail": "email"}}


def test_each_save_of_a_campaign_is_a_version(tables: Tables) -> None:
    campaigns = DynamoCampaigns(tables.table)

    assert campaigns.find(1) is None
    assert campaigns.save(campaign_of(document()), None, "ann", NOW).version == 1

    saved = campaigns.save(campaign_of(document(status="active")), 1, "bob", NOW + 1)
    assert saved.version == 2
    assert saved.status == Status.ACTIVE
    assert saved.aliases == {"E-mail": "email"}
    assert campaigns.find(1) == saved
    assert [(row.version, row.saved_by, row.saved_at) for row in campaigns.versions(1)] == [
        (2, "bob", NOW + 1),
        (1, "ann", NOW),
    ]
    assert campaigns.versions(1)[1].document == document()
    assert campaigns.versions(2) == []


def test_a_save_over_another_version_is_a_conflict_and_changes_nothing(tables: Tables) -> None:
    campaigns = DynamoCampaigns(tables.table)
    with pytest.raises(ConflictError):
        campaigns.save(campaign_of(document()), 1, "ann", NOW)
    campaigns.save(campaign_of(document()), None, "ann", NOW)

    for expected in (None, 2):
        with pytest.raises(ConflictError):
            campaigns.save(campaign_of(document(status="active")), expected, "bob", NOW)

    found = campaigns.find(1)
    assert found is not None
    assert (found.version, found.status) == (1, Status.DRAFT)
    assert len(campaigns.versions(1)) == 1


def test_campaigns_are_listed_by_id(tables: Tables) -> None:
    campaigns = DynamoCampaigns(tables.table)
    for campaign_id in (12, 3, 100):
        campaigns.save(campaign_of(document(campaign_id)), None, "ann", NOW)
    assert [campaign.campaign_id for campaign in campaigns.list()] == [3, 12, 100]


def test_the_activation_mark_is_stored_once_and_survives_saves(tables: Tables) -> None:
    campaigns = DynamoCampaigns(tables.table)
    campaigns.set_activation_mark(1, 30)

    assert campaigns.list() == []  # a campaign without settings, such as a deleted one, gets no mark
    assert campaigns.save(campaign_of(document()), None, "ann", NOW).activation_mark is None

    campaigns.set_activation_mark(1, 40)
    campaigns.set_activation_mark(1, 50)

    assert campaigns.save(campaign_of(document(status="active")), 1, "ann", NOW).activation_mark == 40


def test_many_unknown_signups_within_an_hour_let_creates_wait_an_hour_from_the_first_of_them(tables: Tables) -> None:
    campaigns = DynamoCampaigns(tables.table)

    assert not campaigns.note_unknown(1, NOW, 3), "a campaign without settings"

    campaigns.save(campaign_of(document()), None, "ann", NOW)
    began = [campaigns.note_unknown(1, NOW + seconds, 3) for seconds in (0, 60, 120, 180, 3_700, 3_720, 3_740, 3_660)]

    found = campaigns.find(1)
    assert began == [False, False, True, False, True, True, False, False]
    assert found is not None
    assert found.creates_wait_until == NOW + 3_700 + 3_600


def test_of_a_campaign_that_was_just_saved_nothing_was_noted_yet(tables: Tables) -> None:
    campaigns = DynamoCampaigns(tables.table)
    saved = campaigns.save(campaign_of(document()), None, "ann", NOW)

    assert (saved.creates_wait_until, saved.departures_at) == (0.0, 0.0)
    assert (saved.problems, saved.watches_departures) == ((), False)
    assert saved.saved_at == NOW


def test_a_watch_is_ended_only_by_who_saw_its_last_mark(tables: Tables) -> None:
    campaigns = DynamoCampaigns(tables.table)
    campaigns.watch_departures(1, NOW)

    assert campaigns.list() == [], "a campaign without settings is not watched"

    campaigns.save(campaign_of(document()), None, "ann", NOW)
    watched = []
    for end in (None, 0.0, NOW - 1, NOW):
        if end is None:
            campaigns.watch_departures(1, NOW)
        else:
            campaigns.end_watch(1, end)
        watched.append(campaigns.get(1).watches_departures)

    assert watched == [True, True, True, False]


def test_problems_that_were_noted_go_with_the_settings_that_made_them(tables: Tables) -> None:
    campaigns = DynamoCampaigns(tables.table)
    campaigns.save(campaign_of(document()), None, "ann", NOW)
    campaigns.note_problems(1, "counts", ["No longer there."])
    campaigns.note_problems(1, "rewards", ["Gone.", "Lost."])

    assert campaigns.get(1).problems == ("No longer there.", "Gone.", "Lost.")

    kept = campaigns.save(campaign_of({**document(), "name": "Others"}), 1, "ann", NOW)
    other_sync = campaigns.save(campaign_of({**document(), "sync": {"mode": "off"}}), 2, "ann", NOW)

    assert kept.problems == ("No longer there.", "Gone.", "Lost.")
    assert other_sync.problems == ("Gone.", "Lost.")


def test_the_connection_is_one_row(tables: Tables) -> None:
    connections = DynamoConnections(tables.table)

    assert connections.find() is None

    connections.save(Connection("abc", "EU", "Europe/Berlin", "Acme", 3))

    assert connections.find() == Connection("abc", "EU", "Europe/Berlin", "Acme", 3)

    connections.save(Connection("abc", "EU", "Europe/Berlin", "Acme", 4, connected=False))

    found = connections.find()
    assert found is not None
    assert not found.connected


def test_a_connection_that_was_switched_meanwhile_is_not_written_over(tables: Tables) -> None:
    connections = DynamoConnections(tables.table)
    before = Connection("abc", "EU", "Europe/Berlin", "Acme", 3)
    connections.save(before)

    doubted = replace(before, doubted_at=NOW)

    assert connections.replace(before, doubted)
    assert connections.find() == doubted

    gone = replace(doubted, connected=False, epoch=4)
    assert connections.replace(doubted, gone)
    assert not connections.replace(doubted, doubted.confirmed(NOW + 1))
    assert connections.find() == gone


def test_a_breaker_opens_once_and_again_when_its_time_is_over(tables: Tables) -> None:
    breakers = DynamoBreakers(tables.table)
    first = Breaker(BreakerKind.FAILING, NOW + 30, NOW)

    assert breakers.find(Vendor.INTERCOM) is None
    assert breakers.open(Vendor.INTERCOM, first)
    assert not breakers.open(Vendor.INTERCOM, Breaker(BreakerKind.FAILING, NOW + 90, NOW + 10, 2))
    assert breakers.find(Vendor.INTERCOM) == first
    assert breakers.open(Vendor.INTERCOM, Breaker(BreakerKind.FAILING, NOW + 90, NOW + 30, 2))
    assert breakers.open(Vendor.REFERRAL_FACTORY, first)
    assert breakers.close(Vendor.INTERCOM)
    assert not breakers.close(Vendor.INTERCOM)
    assert breakers.find(Vendor.INTERCOM) is None


def test_a_lost_connection_takes_the_place_of_a_failing_vendor(tables: Tables) -> None:
    breakers = DynamoBreakers(tables.table)
    lost = Breaker(BreakerKind.CONNECTION_LOST, NOW + 60, NOW)
    breakers.open(Vendor.INTERCOM, Breaker(BreakerKind.FAILING, NOW + 30, NOW))

    assert breakers.open(Vendor.INTERCOM, lost)
    assert not breakers.open(Vendor.INTERCOM, lost)
    assert not breakers.open(Vendor.INTERCOM, Breaker(BreakerKind.FAILING, NOW + 30, NOW))
    assert breakers.find(Vendor.INTERCOM) == lost


def test_progress_comes_back_as_it_was_saved(tables: Tables) -> None:
    progresses = DynamoProgresses(tables.table)
    assert progresses.find("1") is None
    progresses.save("1", {"highest": 7, "order": "ascending", "at": 1.5})
    assert progresses.find("1") == {"highest": 7, "order": "ascending", "at": 1.5}
