"""The application among in-memory AWS and both vendors' rules, at a time that the test moves; builders with defaults.

One invocation after the other, no concurrency: that, and faults at every boundary, is what ``tests/simulation`` is for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from functions.deliver_contact import handler as deliver_contact
from functions.intercom_webhook import handler as intercom_webhook
from functions.qualify_referral import handler as qualify_referral
from functions.reconcile import handler as reconcile
from functions.signup_webhook import handler as signup_webhook
from functions.sweep import handler as sweep
from functions.update_referrer import handler as update_referrer
from sandbox.vendors.intercom import Intercom, IntercomSettings
from sandbox.vendors.intercom.seed import add_contact
from sandbox.vendors.intercom.workspace import Contact
from sandbox.vendors.referral_factory import ReferralFactory, ReferralFactorySettings
from shared.adapters.campaign_document import campaign_of
from shared.config import Settings
from shared.domain.campaign.campaign import Campaign
from shared.domain.connection.connection import Breaker, Connection, Vendor
from shared.domain.signup.person_record import PersonRecord
from shared.domain.signup.referral import Referral
from shared.messages import ENQUEUED, DeliverContact, Message, ReconcileCampaigns, message_of
from shared.runtime.bootstrap import Environment, use
from shared.use_cases.qualification.count_standing import count_standing
from tests.fakes.dynamodb import FakeDynamoDB
from tests.fakes.lambda_events import (
    EMAIL,
    REFERRAL_FACTORY,
    WEBHOOK_SECRET,
    Context,
    notification_event,
    record_of,
    webhook_event,
    webhook_fields,
)
from tests.fakes.secretsmanager import FakeSecretsManager
from tests.fakes.sqs import FakeSQS
from tests.fakes.wire import FallibleClient, OwnApi, VendorWire
from tests.simulation.aws.blueprint import create_ledger_table
from tests.support.clock import KeptMetrics, SeededChance, VirtualClock
from tests.support.documents import campaign_document

CLIENT_SECRET = "local-client-secret"
INTERCOM = "http://intercom.test"
APPLICATION = "http://application.test"
READ_LAG = 30.0
"""Seconds by which reads are late that do not ask for what is there now: no test may pass by luck where one forgot to ask."""
SYNTHETIC_EMAIL = "synthetic@example.com"
CUSTOM = "custom_attributes."


class App:
    """Everything in one process. Search shows at once what was created, unless ``search_lag`` seconds are asked for."""

    def __init__(self, search_lag: float = 0.0, **referral_factory: Any) -> None:
        random = Random(7)
        self.clock = VirtualClock()
        self.chance = SeededChance(random)
        self.metrics = KeptMetrics()
        self.context = Context()
        self.confirms = True
        """Whether Referral Factory confirms whatever a delivery waits for at once; the stand-in need not hold the person."""
        chosen = IntercomSettings()
        chosen.change({"seed": False, "search_lag_seconds": search_lag})
        self.intercom = Intercom(clock=self.clock.now, chance=random, settings=chosen)
        self._workspaces = {chosen.workspace_id: self.intercom}
        self.referral_factory = ReferralFactory(
            clock=self.clock.now, chance=random, settings=ReferralFactorySettings(**referral_factory)
        )
        self.wire = VendorWire(
            self.clock, {INTERCOM: self.intercom, REFERRAL_FACTORY: self.referral_factory, APPLICATION: OwnApi(self.post)}
        )
        self.dynamodb = FallibleClient(FakeDynamoDB(self.clock.now, random, read_lag_seconds=READ_LAG))
        self.sqs = FallibleClient(FakeSQS(self.clock.now, random))
        self.secrets = FallibleClient(FakeSecretsManager(self.clock.now, random))
        self.settings = self._deploy()
        self.environment = self.new_environment()

    def new_environment(self) -> Environment:
        """Another worker's process: nothing in memory is shared with the first."""
        clients = {"dynamodb": self.dynamodb, "sqs": self.sqs, "secretsmanager": self.secrets}
        made = Environment(self.settings, clients.__getitem__, lambda _: self.wire, self.clock, self.chance, self.metrics)
        made.begin(self.context)
        return made

    def _deploy(self) -> Settings:
        for table in ("campaigns", "referrals"):
            create_ledger_table(self.dynamodb, table)
        urls = {}
        for queue in ("delivery", "reconcile", "qualification", "referrer", "sync"):
            attributes = {"VisibilityTimeout": "270"}
            urls[f"{queue}_queue_url"] = self.sqs.create_queue(QueueName=queue, Attributes=attributes)["QueueUrl"]
        values: dict[str, dict[str, str]] = {
            "webhook": {"current": WEBHOOK_SECRET, "next": ""},
            "intercom": {"access_token": "local-intercom-token"},
            "intercom_app": {"client_secret": CLIENT_SECRET},
            "referral_factory": {"api_key": "local-referral-factory-key"},
        }
        for name, value in values.items():
            self.secrets.create_secret(Name=name, SecretString=json.dumps(value))
        return Settings(
            stage="local",
            campaigns_table="campaigns",
            referrals_table="referrals",
            webhook_secret_arn="webhook",
            intercom_secret_arn="intercom",
            intercom_app_secret_arn="intercom_app",
            referral_factory_secret_arn="referral_factory",
            intercom_api_url=INTERCOM,
            referral_factory_api_url=f"{REFERRAL_FACTORY}/api/v2",
            **urls,
        )

    # -- what people set up -------------------------------------------------------------------------------------------

    def configure(self, activation_mark: int | None = 0, **changes: Any) -> Campaign:
        """Saves ``campaign_document(**changes)`` as the campaign's next version. ``activation_mark`` None: not marked yet."""
        campaigns = self.environment.campaigns
        document = campaign_document(**changes)
        before = campaigns.find(document["campaign_id"])
        saved = campaigns.save(campaign_of(document), before.version if before else None, "mara@example.com", self.clock.now())
        if activation_mark is not None and document["status"] == "active":
            campaigns.set_activation_mark(saved.campaign_id, activation_mark)
        if saved.uncounted:
            count_standing(self.environment, saved)
        return saved

    def make_synthetic_signup(self, email: str = SYNTHETIC_EMAIL, campaign: int = 1) -> None:
        """As the two parameters of the template do; a new process."""
        self.settings = replace(
            self.settings,
            synthetic_signup_url=f"{APPLICATION}/webhooks/referral-factory/{campaign}/joined",
            synthetic_signup_campaign=str(campaign),
            synthetic_signup_email=email,
        )
        self.environment = self.new_environment()

    def use_workspace(self, workspace_id: str) -> None:
        """Intercom's answers come from that workspace from now on: a new one holds nobody, an earlier one what it held."""
        if workspace_id not in self._workspaces:
            chosen = IntercomSettings()
            chosen.change({"seed": False, "workspace_id": workspace_id, "workspace_name": workspace_id.title()})
            self._workspaces[workspace_id] = Intercom(clock=self.clock.now, chance=Random(workspace_id), settings=chosen)
        self.intercom = self._workspaces[workspace_id]
        self.wire.replace(INTERCOM, self.intercom)

    def set_secret(self, name: str, **values: str) -> None:
        self.secrets.put_secret_value(SecretId=name, SecretString=json.dumps(values))

    # -- what happens -------------------------------------------------------------------------------------------------

    def post(self, body: Any = None, **event: Any) -> dict[str, Any]:
        """Referral Factory's webhook through the handler. ``body`` as JSON, texts and bytes as they are."""
        return self.invoke(signup_webhook, webhook_event(body, **event))

    def deliver(self, message: Message) -> Referral | None:
        """One message through the queue and the handler; the row that then is there."""
        self.environment.delivery_queue.send(message)
        self.work()
        user_id = getattr(message, "user_id", None) or (getattr(message, "fields", None) or {}).get("id")
        return self.environment.referrals.find(message.campaign_id, int(user_id)) if user_id else None

    def sign_up(self, event: str = "joined", **changes: Any) -> Referral:
        """A webhook of campaign 1 delivered, with ``webhook_fields(**changes)``."""
        fields = webhook_fields(**changes)
        message = DeliverContact(fields["campaign_id"], None, event, self.clock.now(), fields, id=self.chance.token())
        row = self.deliver(message)
        assert row is not None
        return row

    def move_due(self, user_id: int = 42, *, replay: bool = False) -> Referral:
        row = self.deliver(DeliverContact(1, user_id, ENQUEUED, self.clock.now(), replay=replay))
        assert row is not None
        return row

    def work(self, environment: Environment | None = None) -> list[str]:
        """deliver_contact works off what is visible in its queue now, once; the ids of the failed records."""
        failed = self._work(deliver_contact, self.settings.delivery_queue_url, environment)
        return failed + self.work(environment) if self.confirms and self._confirm() else failed

    def _confirm(self) -> bool:
        """Referral Factory, asked about single signups, knows each; whether it was asked."""
        url, asked = self.settings.reconcile_queue_url, False
        for message in self.sqs.real.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ()):
            content, handle = message_of(message["Body"]), message["ReceiptHandle"]
            if isinstance(content, ReconcileCampaigns) and content.person:
                campaign_id, user_id = content.person
                self._list_holds(campaign_id, user_id)
                self.sqs.real.delete_message(QueueUrl=url, ReceiptHandle=handle)
                self.environment.delivery_queue.send(DeliverContact(campaign_id, user_id, "reconcile", self.clock.now()))
                asked = True
            else:
                self.sqs.real.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
        return asked

    def _list_holds(self, campaign_id: int, user_id: int) -> None:
        now = self.clock.now()
        self.environment.referrals.update(
            campaign_id, user_id, lambda row: replace(row, verified_at=now, unverified=False, confirm_since=None)
        )

    def update_referrers(self, environment: Environment | None = None) -> list[str]:
        """update_referrer works off what is visible in its queue now, once; the ids of the failed records."""
        return self._work(update_referrer, self.settings.referrer_queue_url, environment)

    def qualify(self, environment: Environment | None = None) -> list[str]:
        """qualify_referral works off what is visible in its queue now, once; the ids of the failed records."""
        return self._work(qualify_referral, self.settings.qualification_queue_url, environment)

    def notify(self, body: bytes | str, headers: Mapping[str, str], **event: Any) -> dict[str, Any]:
        """Intercom's call through the handler."""
        return self.invoke(intercom_webhook, notification_event(body, headers, **event))

    def poll_rewards(self) -> None:
        """The schedule of update_referrer."""
        self.invoke(update_referrer, {})

    def _work(self, handler: Any, url: str, environment: Environment | None) -> list[str]:
        failed = []
        records = []
        while messages := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages"):
            records += messages
        for message in records:
            event = {"Records": [record_of(message)]}
            answer = self.invoke(handler, event, environment)
            failed += [one["itemIdentifier"] for one in answer["batchItemFailures"]]
            if not answer["batchItemFailures"]:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return failed

    def sweep(self, *, work: bool = True) -> dict[str, int]:
        """The sweep, and the deliveries that it sends."""
        swept: dict[str, int] = self.invoke(sweep, {})
        if work:
            self.work()
        return swept

    def live(self, minutes: int, step: int = 1) -> None:
        """The sweep runs every ``step`` minutes, the worker works."""
        for _ in range(0, minutes, step):
            self.wait(step * 60)
            self.sweep()

    def reconcile(self, *, full: bool = False, work: bool = True) -> None:
        body = json.dumps({"kind": "ReconcileCampaigns", "version": 1, "requested_at": self.clock.now(), "full": full})
        self.invoke(reconcile, {"Records": [{"body": body}]} if full else {})
        if work:
            self.work()

    def reconcile_enqueued(self) -> int:
        """reconcile works off what is visible in its queue now, once; how many messages there were."""
        url = self.settings.reconcile_queue_url
        messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])
        for message in messages.get("Messages", ()):
            assert self.invoke(reconcile, {"Records": [record_of(message)]}) == {"batchItemFailures": []}
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages.get("Messages", ()))

    def invoke(self, handler: Any, event: dict[str, Any], environment: Environment | None = None) -> Any:
        with use(environment or self.environment):
            return handler.lambda_handler(event, self.context)

    def wait(self, seconds: float) -> None:
        self.clock.at += seconds

    # -- what is there then -------------------------------------------------------------------------------------------

    def row(self, user_id: int = 42, campaign_id: int = 1) -> Referral:
        return self.environment.referrals.get(campaign_id, user_id)

    def campaign(self, campaign_id: int = 1) -> Campaign:
        found = self.environment.campaigns.find(campaign_id)
        assert found is not None
        return found

    def connection(self) -> Connection:
        """The one that somebody made."""
        found = self.environment.connections.find()
        assert found is not None
        return found

    def breaker(self, vendor: Vendor = Vendor.INTERCOM) -> Breaker:
        """The one that stops calls to the vendor."""
        found = self.environment.breakers.find(vendor)
        assert found is not None
        return found

    def person(self, email: str = EMAIL) -> PersonRecord | None:
        return self.environment.people.find("local-workspace", email)

    def contacts(self, email: str = EMAIL) -> list[Contact]:
        """The live contacts with that e-mail in the stand-in itself, oldest first."""
        found = [one for one in self.intercom.workspace.contacts.values() if one.email == email and one.condition == "live"]
        return sorted(found, key=lambda one: one.number)

    def contact(self, email: str = EMAIL) -> Contact:
        (one,) = self.contacts(email)
        return one

    def given(self, role: str = "lead", age: float = 86_400.0, email: str = EMAIL, **fields: Any) -> Contact:
        """A contact that was there before."""
        return add_contact(self.intercom.workspace, {"role": role, "email": email, **fields}, age=age)

    def calls(self, *vendors: str) -> list[str]:
        """``["POST /contacts/search", "POST /contacts"]``, since the last ``forget_calls``; without the workspace's own."""
        own = ("/me", "/data_attributes")
        wanted = vendors or ("intercom",)
        return [str(call) for call in self.wire.calls if call.vendor in wanted and not call.path.startswith(own)]

    def bodies(self, method: str, path: str = "/contacts") -> list[Any]:
        return [call.body for call in self.wire.calls if call.method == method and call.path.startswith(path)]

    def forget_calls(self) -> None:
        self.wire.calls.clear()

    def queued(self, queue: str = "delivery") -> list[Message]:
        return [message_of(body) for body in self.sqs.real.bodies(getattr(self.settings, f"{queue}_queue_url"))]

    def rows_of(self, prefix: str) -> list[dict[str, Any]]:
        """Items of the referrals table whose key begins so."""
        return [item for item in self.dynamodb.real.items("referrals") if item["pk"]["S"].startswith(prefix)]
