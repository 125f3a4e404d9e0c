"""What each function asks of AWS in the world is what its role in the template allows: the local stack checks none of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandbox.vendors.intercom.attributes import update_attribute
from sandbox.vendors.intercom.lists import remove_tag, save_tag
from shared.domain.connection.connection import BreakerKind
from shared.runtime.bootstrap import AWS_ATTEMPTS
from shared.use_cases.store_message import SQS_TRIES
from tests.simulation.aws.boundary import Flavour, When
from tests.simulation.aws.clients import AwsClient
from tests.simulation.aws.transport import Outage
from tests.simulation.play.referral_stories import STORIES, ReferralStory, notify, uninstall
from tests.simulation.play.syncing import add_contacts, begin, run_to_the_end, sync_settings
from tests.simulation.settings import build_settings
from tests.simulation.world import OF_A_SIGNUP, World
from tests.support.roles import Asked, actions, refused


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the functions' clients were asked for; what a test sets up is not among it."""
    found: Asked = set()
    attempt = AwsClient._attempt

    def noted(self: AwsClient, name: str, method: Any, request: dict[str, Any], number: int, time: int) -> Any:
        function = self._crossing.names.get(self._crossing.loop.current, "") if self._crossing.loop.current else ""
        if function:
            found.update((function, *one) for one in actions(self._service, name, request))
        return attempt(self, name, method, request, number, time)

    monkeypatch.setattr(AwsClient, "_attempt", noted)
    return found


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_a_story_asks_for_nothing_that_its_roles_refuse(story: ReferralStory, asked: Asked) -> None:
    with story.tell(story.faults()):
        pass
    assert {function for function, *_ in asked} >= story.functions
    assert refused(asked) == []


def test_bad_days_ask_for_nothing_that_the_roles_refuse(asked: Asked) -> None:
    """The inbox, breakers, strikes, the activation mark, departures, merges, deletions, an uninstall.

    Five messages come while SQS refuses: two notifications of each of two contacts, and a signup. They take the refusals in
    turns, and each needs all four of its own (two sends of two attempts) to be passed by through the inbox: twenty together.
    With eight none of the five is refused to its end.
    """
    names = (*OF_A_SIGNUP, "intercom_webhook", "qualify_referral", "update_referrer")
    with World(2, functions=names) as world:
        world.start_schedule("update_referrer")
        world.add_contact("known@example.com", "lead", custom_attributes={"referral_status": "Connected"})
        world.configure(build_settings(duplicates="update"), activation_mark=None)
        world.intercom.change_settings({"webhook_url": "https://app.example.net/webhooks/intercom"})
        for number in range(6):
            world.at(world.now() + number * 200, lambda number=number: world.sign_up(f"p{number}@example.com"))
        world.sign_up("known@example.com")
        world.run(100)
        receivers = {"signup_webhook", "intercom_webhook"}
        world.crossing.faults = When(
            lambda call: call.what.startswith("send_message") and call.function in receivers,
            Flavour.BEFORE,
            times=5 * SQS_TRIES * AWS_ATTEMPTS,
        )
        contacts = world.contacts()
        for contact in contacts:
            world.intercom.contacts.update(contact.id, {"custom_attributes": {"referral_status": "Connected"}}, by_api=False)
        notify(world)
        world.sign_up("inbox@example.com")
        world.run(300)
        world.crossing.faults = When(
            lambda call: call.is_vendor, Flavour.BEFORE, times=40, also=When(lambda call: call.what == "PUT", Flavour.AFTER)
        )
        world.run(900)
        workspace = world.intercom.workspace
        update_attribute(workspace, str(workspace.attributes["contact", "referral_status"].id), {"archived": True})
        world.intercom.contacts.delete(contacts[0].id, by_api=False)
        notify(world)
        world.run(900)
        uninstall(world)
        world.run(400)
        assert world.counted("UninstallReported")
        assert world.counted("BreakerOpened")
        assert (world.counted("SignupStoredInInbox"), world.counted("NotificationStoredInInbox")) == (1, 4)
    assert refused(asked) == []


def test_a_sync_asks_for_nothing_that_the_roles_refuse(asked: Asked) -> None:
    """A whole run with its webhooks, a vendor's outage, a list whose leavers are compared, a list that was deleted."""
    with World(7, functions=(*OF_A_SIGNUP, "update_referrer"), sync=True) as world:
        workspace = world.intercom.workspace
        tag = save_tag(workspace, {"name": "to be synced"}).id
        for contact in add_contacts(world, 60):
            workspace.save(replace(workspace.contacts[contact.id], tags={tag: int(world.now())}))
        world.run(300)  # until search shows them
        world.configure(sync_settings(source={"kind": "tags", "ids": [tag]}))
        now = world.now()
        world.transport.outages = [Outage("intercom", now + 40, now + 400, 503)]
        run = run_to_the_end(world, begin(world))
        person = world.referral_factory.account.people.with_email(1, "contact-1@example.com")
        assert person is not None
        world.sign_up("friend@example.com", referrer=person.id)
        world.run(1_200)
        gone = world.contacts()[0]
        workspace.save(replace(workspace.contacts[gone.id], tags={}))
        world.run(1_200)
        remove_tag(workspace, tag)
        world.run(1_800)
        with world.looking():
            campaign = world.environment("sync_page").campaigns.find(1)
            runs = world.environment("sync_page").sync_runs.list(1, 20).items
        assert run.tally.linked == 60
        assert 1 in [one.left for one in runs]
        assert campaign is not None
        assert campaign.problems
        assert world.counted("ReferrerUpdated")
    assert refused(asked) == []


def test_our_own_signup_asks_for_nothing_that_its_role_refuses(asked: Asked) -> None:
    """It meets a breaker whose pause is over: the first look fails and opens it again, the second closes it."""
    with World(3, synthetic="synthetic@example.com", reconcile=False, sweep=False) as world:
        world.configure(build_settings(referring="user"))
        world.run(700)
        with world.looking():
            world.environment("deliver_contact").intercom_guard.pause(BreakerKind.FAILING, 30.0)
        world.transport.outages = [Outage("intercom", world.now(), world.now() + 800, 503)]
        world.run(1_800)
        assert world.counted("BreakerOpened")
        assert world.counted("SyntheticSignupSeconds")
    actions = {action for function, action, *_ in asked if function == "synthetic_signup"}
    assert actions >= {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "secretsmanager:GetSecretValue"}
    assert refused(asked) == []


def test_a_missing_permission_is_noticed(asked: Asked) -> None:
    asked.add(("console", "dynamodb:GetItem", "CampaignsTable", "CAMPAIGNS"))
    asked.add(("intercom_webhook", "dynamodb:PutItem", "ReferralsTable", "REFERRAL#1#2"))
    asked.add(("intercom_webhook", "dynamodb:PutItem", "ReferralsTable", "INBOX#2"))

    asked.add(("sweep", "dynamodb:Query", "ReferralsTable/index/DueIndex", "DUE#1"))

    assert [one[0] for one in refused(asked)] == ["console", "intercom_webhook"]
