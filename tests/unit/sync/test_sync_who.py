"""Who is synced, and what becomes of each contact."""

from __future__ import annotations

from collections import Counter

import pytest

from sandbox.vendors.intercom.lists import save_tag
from sandbox.vendors.referral_factory.records import FormField
from shared.domain.sync.run import RunState
from tests.support.syncing import NAME_AND_EMAIL, WRITE_BACK, SyncApp, change, segment


def test_every_contact_gets_the_link_of_a_person_of_its_own(app: SyncApp) -> None:
    contacts = app.add_many(40)
    run = app.sync()

    assert run.state == RunState.DONE
    assert run.tally.seen == 40
    assert run.tally.created == 40
    assert run.tally.linked == 40

    app.assert_linked(*contacts)

    assert app.intercom.workspace.contacts[contacts[0].id].custom_attributes["referral_count"] == 0


def test_a_new_contact_costs_one_call_and_one_write_an_unchanged_one_nothing(app: SyncApp) -> None:
    app.add_many(40)
    app.sync()

    assert Counter(call.partition("?")[0] for call in app.calls("intercom", "referral_factory")) == {
        "GET /api/v2/users": 1,
        "GET /api/v2/campaigns/1": 1,
        "GET /contacts": 1,
        "POST /api/v2/users": 40,
        "PUT /contacts/<id>": 40,
    }

    app.forget_calls()
    app.wait(60)
    again = app.sync()

    assert again.tally.unchanged == 40
    assert again.tally.linked == 0
    assert again.tally.created == 0
    assert app.writes() == []
    assert len(app.calls("intercom", "referral_factory")) == 2, "one page each"


def test_who_is_in_the_campaign_already_is_linked_without_a_call(app: SyncApp) -> None:
    (contact,) = app.add("ann@example.com")
    person = app.joined("Ann@Example.com")
    app.joined("kid@example.com", source="Referred", referrer=person)

    run = app.sync()

    assert (run.tally.created, run.tally.linked) == (0, 1)
    assert app.calls("referral_factory") == ["GET /api/v2/users?page=1&per_page=250&with=user.analytics"]

    app.assert_linked(contact)

    assert app.intercom.workspace.contacts[contact.id].custom_attributes["referral_count"] == 1


def test_counts_that_changed_are_written_and_nothing_else(app: SyncApp) -> None:
    first, *_ = app.add_many(3)
    app.sync()
    person = app.people(first.email)[0]

    app.joined("friend@example.com", source="Referred", referrer=person)
    app.forget_calls()
    app.wait(60)

    assert app.sync().tally.linked == 1
    assert app.bodies("PUT") == [{"custom_attributes": {"referral_count": 1}}]


@pytest.mark.parametrize("joined", [True, False])
def test_link_code_and_counts_go_to_the_mapped_attributes(app: SyncApp, joined: bool) -> None:
    (contact,) = app.add("ann@example.com")
    app.choose(write_back={**WRITE_BACK, "referral_code": "custom_attributes.referral_code"})
    if joined:
        app.joined("ann@example.com")
    app.sync()

    (person,) = app.people("ann@example.com")

    there = app.intercom.workspace.contacts[contact.id].custom_attributes
    assert there["referral_code"] == person.code
    assert (there["referral_count"], there["converted_referral_count"]) == (0, 0)

    app.assert_linked(contact)


def test_who_joined_behind_our_back_is_found_and_not_doubled(app: SyncApp) -> None:
    (contact,) = app.add("ann@example.com")

    def join() -> None:
        app.joined("ann@example.com")

    app.wire.interrupt("GET /contacts", join)
    run = app.sync()

    assert run.tally.created == 0
    assert run.tally.linked == 1
    assert run.tally.failed == {}
    assert len(app.people("ann@example.com")) == 1

    app.assert_linked(contact)


def test_notify_is_always_said(app: SyncApp) -> None:
    app.add("ann@example.com")
    app.sync()
    app.choose(notify=True)
    app.add("bea@example.com")
    app.wait(60)

    app.sync()

    posted = [call.body for call in app.wire.calls if (call.vendor, call.method) == ("referral_factory", "POST")]
    assert [body["notify"] for body in posted] == [False, True]


def test_nobody_is_notified_who_unsubscribed_from_e_mails(app: SyncApp) -> None:
    app.choose(notify=True)
    app.add("ann@example.com", unsubscribed_from_emails=True)
    app.add("bea@example.com", unsubscribed_from_emails=False)

    app.sync()

    posted = [call.body for call in app.wire.calls if (call.vendor, call.method) == ("referral_factory", "POST")]
    assert {body["email"]: body["notify"] for body in posted} == {"ann@example.com": False, "bea@example.com": True}


def test_what_is_read_of_a_contact_can_be_sent_dates_as_days(app: SyncApp) -> None:
    rows = [("external_id", "meta.Number"), ("location.country", "meta.Country"), ("signed_up_at", "meta.Since")]
    app.choose(mapping=[*NAME_AND_EMAIL, *({"from": source, "to": target} for source, target in rows)])
    (contact,) = app.add("ann@example.com", external_id="c-77", signed_up_at=1_795_262_400)
    app.sync()

    posted = str([call.body for call in app.wire.calls if (call.vendor, call.method) == ("referral_factory", "POST")])

    assert "c-77" in posted
    assert "2026-11-21" in posted
    assert "1795262400" not in posted
    assert contact.external_id == "c-77"


# -- who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "expected"), [("all", 5), ("leads", 2), ("users", 3)])
def test_all_leads_or_users(app: SyncApp, kind: str, expected: int) -> None:
    app.add_many(3)
    app.add("lea@example.com", "leo@example.com", role="lead")
    app.choose(source={"kind": kind})
    assert app.sync().tally.linked == expected


def test_several_segments_at_once(app: SyncApp) -> None:
    ada, bea, cleo = app.add("ann@example.com"), app.add("bea@example.com", name="Bea B"), app.add("c@example.com", name="C C")
    ids = [segment(app, "name", "Ada Stone"), segment(app, "name", "Bea B"), segment(app, "email", "bea@example.com")]
    app.choose(source={"kind": "segments", "ids": ids})

    run = app.sync()

    assert (run.tally.seen, run.tally.linked) == (2, 2), "who is in two segments comes once"

    app.assert_linked(*ada, *bea)

    assert app.link_of(cleo[0]) is None


def test_several_tags_at_once(app: SyncApp) -> None:
    workspace = app.intercom.workspace
    tags = [save_tag(workspace, {"name": name}).id for name in ("vip", "beta")]
    members = [app.add(f"{tag}@example.com")[0] for tag in tags]
    for contact, tag in zip(members, tags, strict=True):
        change(app, contact.id, tags={tag: int(app.clock.now())})
    app.add("nobody@example.com")
    app.choose(source={"kind": "tags", "ids": tags})

    run = app.sync()

    assert (run.tally.seen, run.tally.linked) == (2, 2)


def test_more_lists_than_one_search_takes(app: SyncApp) -> None:
    contacts = [app.add(f"c{number}@example.com", name=f"N{number} X")[0] for number in range(17)]
    app.choose(source={"kind": "segments", "ids": [segment(app, "name", one.name or "") for one in contacts]})
    run = app.sync()
    assert (run.state, run.tally.linked) == (RunState.DONE, 17)


@pytest.mark.parametrize("whole", [True, False])
def test_who_is_in_lists_of_two_searches_comes_once(app: SyncApp, monkeypatch: pytest.MonkeyPatch, whole: bool) -> None:
    """More lists than one search takes."""
    monkeypatch.setattr("shared.domain.sync.source.LIST_WHOLE_UP_TO", 10_000 if whole else -1)
    tags = [save_tag(app.intercom.workspace, {"name": f"tag {number}"}).id for number in range(32)]
    app.choose(source={"kind": "tags", "ids": tags})
    app.tick()
    app.drain(60)
    app.wait(900)
    contacts = app.add("ann@example.com", "bea@example.com", "")
    now = int(app.clock.now())
    for contact, chosen in zip(contacts, [(tags[0], tags[20], tags[31]), (tags[31],), (tags[14], tags[15])], strict=True):
        change(app, contact.id, tags=dict.fromkeys(chosen, now), updated_at=now)
    app.tick()
    app.drain(60)

    run = app.latest()

    assert (run.state, run.whole) == (RunState.DONE, whole)
    assert run.tally.seen == 3
    assert run.tally.created == 2
    assert run.tally.linked == 2
    assert run.tally.skipped == {"no e-mail address": 1}

    app.assert_linked(*contacts[:2])


def test_contacts_without_an_e_mail_are_counted_and_skipped(app: SyncApp) -> None:
    app.add("ann@example.com")
    app.add("", "")
    (strange,) = app.add("strange@example.com")
    change(app, strange.id, email="no mail at all")

    run = app.sync()

    assert run.tally.linked == 1
    assert run.tally.skipped == {"no e-mail address": 2, "no mail system takes the e-mail address": 1}
    assert len(run.tally.examples) == 3


def test_a_missing_name_is_a_reason_and_no_stop(app: SyncApp) -> None:
    app.add("nameless@example.com", name="")
    app.add("ann@example.com")
    run = app.sync()

    assert run.state == RunState.DONE
    assert run.tally.linked == 1
    assert run.tally.failed == {"no first name": 1}


def test_a_refused_e_mail_is_a_reason_and_no_stop_and_is_not_sent_again_today(app: SyncApp) -> None:
    app.add("x@example.c", "ann@example.com")  # Referral Factory wants two letters after the last dot
    run = app.sync()

    reason = "Referral Factory refused the person because of email"
    assert run.state == RunState.DONE
    assert run.tally.linked == 1
    assert run.tally.failed == {reason: 1}

    app.forget_calls()
    app.wait(3_600)

    assert app.sync().tally.failed == {reason: 1}
    assert app.writes() == []

    app.wait(86_400)
    app.sync()

    assert app.calls("referral_factory").count("POST /api/v2/users") == 1


def test_a_refused_contact_that_changed_is_sent_again_at_once(app: SyncApp) -> None:
    (contact,) = app.add("x@example.c")
    app.sync()
    app.forget_calls()
    app.wait(600)
    change(app, contact.id, name="Bea Stone")

    app.sync()

    assert app.calls("referral_factory").count("POST /api/v2/users") == 1


def test_a_missing_required_field_is_a_reason_and_no_stop_and_costs_no_call(app: SyncApp) -> None:
    """The form of campaign 2 requires “Company”."""
    mapping = [*NAME_AND_EMAIL, {"from": "phone", "to": "meta.company"}]
    app.choose(2, mapping=mapping)
    app.add("ann@example.com", phone="+49 30 1")
    app.add("bea@example.com", "cleo@example.com")
    app.referral_factory.account.campaigns[2].extra_fields = (FormField(id=203, type="input", label="company", required=True),)

    run = app.sync(2)

    reason = "nothing for the required form field “company”"
    assert run.state == RunState.DONE
    assert run.tally.linked == 1
    assert run.tally.failed == {reason: 2}
    assert app.calls("referral_factory").count("POST /api/v2/users") == 1
    assert app.calls("referral_factory").count("GET /api/v2/campaigns/2") == 1


def test_a_required_field_that_is_not_mapped_is_a_reason_on_every_new_contact(app: SyncApp) -> None:
    app.choose(2, mapping=NAME_AND_EMAIL)
    (known,) = app.add("known@example.com")
    app.joined("known@example.com", 2)
    app.add("ann@example.com")

    run = app.sync(2)

    assert (run.state, run.tally.linked) == (RunState.DONE, 1), "who is in the campaign already needs no form"
    assert run.tally.failed == {"nothing for the required form field “Company”": 1}

    app.assert_linked(known, campaign_id=2)

    assert "POST /api/v2/users" not in app.calls("referral_factory")


@pytest.mark.parametrize("status", [404, 405, 410])
def test_a_form_that_cannot_be_read_stops_nobody(app: SyncApp, status: int) -> None:
    app.wire.faults.add({"kind": "status", "status": status, "path": "^/api/v2/campaigns", "times": 1})
    (contact,) = app.add("ann@example.com")
    assert app.sync().state is RunState.DONE
    app.assert_linked(contact)


def test_a_form_that_is_not_answered_is_waited_for(app: SyncApp) -> None:
    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/api/v2/campaigns", "times": 2})
    (contact,) = app.add("ann@example.com")
    assert app.sync().state is RunState.DONE
    app.assert_linked(contact)


def test_a_form_field_that_nobody_knows_is_a_reason_with_its_name(app: SyncApp) -> None:
    app.choose(mapping=[*NAME_AND_EMAIL, {"from": "phone", "to": "meta.No such field"}])
    app.add("ann@example.com", phone="+49 30 1")
    assert app.sync().tally.failed == {"Referral Factory refused the person because of meta.0.field": 1}


def test_last_names_and_other_fields_go_into_the_form(app: SyncApp) -> None:
    app.choose(mapping=[*NAME_AND_EMAIL, {"from": "name", "to": "meta.Last Name"}])
    app.add("ann@example.com", name="Ada Maria Stone")
    app.sync()

    (person,) = app.people("ann@example.com")

    assert (person.first_name, person.meta) == ("Ada", {"Last Name": "Maria Stone"})


def test_lead_and_user_with_one_e_mail_get_the_same_link(app: SyncApp) -> None:
    user, lead = app.add("ann@example.com")[0], app.add("ann@example.com", role="lead")[0]
    run = app.sync()

    assert (run.tally.created, run.tally.linked) == (1, 2)

    app.assert_linked(user, lead)
    app.forget_calls()
    app.wait(60)
    app.sync()

    assert app.writes() == []


def test_two_campaigns_with_the_same_people_link_both_and_do_not_quarrel(app: SyncApp) -> None:
    contacts = app.add_many(5)
    count = len(app.intercom.workspace.contacts)
    app.choose(2, write_back={"referral_link": "custom_attributes.referral_link"})

    assert app.sync(1).tally.linked == 5

    app.wait(60)

    assert app.sync(2).tally.created == 5

    app.assert_linked(*contacts, campaign_id=1)

    assert len(app.people(contacts[0].email)) == 2

    app.forget_calls()
    for campaign_id in (1, 2, 1):
        app.wait(60)
        app.sync(campaign_id)

    assert app.writes() == [], "who wrote first keeps the attribute"
    assert len(app.intercom.workspace.contacts) == count, "one contact each"


def test_two_campaigns_with_attributes_of_their_own_are_both_written(app: SyncApp) -> None:
    (contact,) = app.add("ann@example.com")
    app.choose(2, write_back={"referral_link": "custom_attributes.referral_campaign"})
    app.sync(1)
    app.wait(60)
    app.sync(2)
    app.assert_linked(contact, campaign_id=1)

    second = next(person for person in app.people("ann@example.com") if person.campaign_id == 2)

    there = app.intercom.workspace.contacts[contact.id].custom_attributes
    assert there["referral_campaign"] == app.referral_factory.account.url(second.code)


def test_an_attribute_that_was_deleted_does_not_cost_the_others(app: SyncApp) -> None:
    app.choose(
        write_back={
            "referral_link": "custom_attributes.referral_link",
            "referral_count": "custom_attributes.no_such_attribute",
        }
    )
    (contact,) = app.add("ann@example.com")
    run = app.sync()

    assert (run.state, run.tally.linked) == (RunState.DONE, 1)
    assert "left out" in run.tally.examples[0][1]

    app.assert_linked(contact)


@pytest.mark.parametrize("attribute", ["lead_source", "no_such_attribute"])
def test_what_intercom_refused_once_is_not_sent_to_it_for_each_contact(app: SyncApp, attribute: str) -> None:
    """A count into a text attribute, or into one that was deleted."""
    app.choose(write_back={"referral_link": WRITE_BACK["referral_link"], "referral_count": f"custom_attributes.{attribute}"})
    contacts = app.add_many(20)
    run = app.sync()

    assert run.state == RunState.DONE
    assert run.tally.linked == 20
    assert run.tally.failed == {}
    assert app.calls("intercom").count("PUT /contacts/<id>") == 20 + 1

    app.assert_linked(*contacts)

    there = app.intercom.workspace.contacts[contacts[-1].id].custom_attributes
    assert there.get(attribute) == ("0" if attribute == "lead_source" else None)


def test_a_contact_to_which_nothing_can_be_written_has_failed(app: SyncApp) -> None:
    app.choose(write_back={"referral_count": "custom_attributes.no_such_attribute"})
    app.add_many(3)
    run = app.sync()

    assert run.state == RunState.DONE
    assert run.tally.linked == 0
    assert sum(run.tally.failed.values()) == 3
