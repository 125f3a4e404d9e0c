"""The simulated world: everything between a signup at Referral Factory and its contact in Intercom, in virtual time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Self

from sandbox.vendors.intercom.rules import Intercom
from sandbox.vendors.intercom.seed import add_contact
from sandbox.vendors.intercom.settings import IntercomSettings
from sandbox.vendors.intercom.workspace import Contact
from sandbox.vendors.referral_factory.outbox import EVENTS
from sandbox.vendors.referral_factory.records import Person
from sandbox.vendors.referral_factory.rules import ReferralFactory
from sandbox.vendors.referral_factory.settings import ReferralFactorySettings, WebhookRule
from sandbox.vendors.wire import OutgoingWebhook
from shared.adapters.campaign_document import campaign_of
from shared.config import settings_of
from shared.runtime.bootstrap import Environment
from tests.simulation.aws.blueprint import Function, read_blueprint
from tests.simulation.aws.boundary import Faults, NoFaults
from tests.simulation.aws.clients import AwsClient
from tests.simulation.aws.cloud import Cloud
from tests.simulation.aws.gateway import webhook_event
from tests.simulation.aws.lambdas import LambdaFunction, Poller
from tests.simulation.aws.transport import VendorTransport
from tests.simulation.judge.recording import LogLines, ProcessMetrics, Recorded, logs_into
from tests.simulation.judge.sights import Sights
from tests.simulation.loop import Loop
from tests.simulation.play.crossing import Crossing

BEGINNING = 1_790_000_000.0
APP_URL = "https://app.example.net"
WEBHOOK_SECRET = "canary-webhook-secret-7d1f"
INTERCOM_TOKEN = "canary-intercom-token-52ac"
API_KEY = "canary-referral-factory-key-9b3e"
CLIENT_SECRET = "canary-client-secret-e01c"
SECRETS = (WEBHOOK_SECRET, INTERCOM_TOKEN, API_KEY, CLIENT_SECRET)

OF_A_SIGNUP = ("signup_webhook", "deliver_contact", "sweep", "reconcile")
"""The functions that a signup needs."""
OF_A_SYNC = ("start_sync", "sync_page")
"""Those that a sync needs besides."""


@cache
def webhook_rules() -> tuple[WebhookRule, ...]:
    """What the campaigns' owner has entered at Referral Factory: one webhook for each event."""
    headers = {"X-Webhook-Secret": WEBHOOK_SECRET}
    return tuple(
        WebhookRule(campaign, event, f"{APP_URL}/webhooks/referral-factory/{campaign}/{event}", headers=headers)
        for campaign in (1, 2)
        for event in EVENTS
    )


@cache
def default_settings() -> ReferralFactorySettings:
    """Made once: their check is slow."""
    return ReferralFactorySettings(token=API_KEY, public_url="https://refer.example.net", webhooks=webhook_rules())


@dataclass(slots=True)
class Signup:
    """A person who joined at Referral Factory. ``answered``: when and how we answered the webhooks, in order."""

    person: Person
    at: float
    answered: list[tuple[float, int]]

    @property
    def accepted_at(self) -> float | None:
        """When we first answered 202; None: never."""
        return next((at for at, status in self.answered if status == 202), None)


class World(Sights):
    """Use as a context manager, or ``close`` it. ``faults`` may be replaced at any time.

    ``search_lag`` seconds until Intercom's search shows a write; ``index_lag`` seconds until DynamoDB's indexes do, at most;
    ``duplicates`` share of messages that SQS delivers twice; ``reconcile`` and ``sweep`` False: their schedules are off.
    ``functions``: those that run, with ``sync`` those of a sync as well; the queues of others are left alone.
    A schedule in ``paused`` does not fire. ``synthetic``: we sign up ourselves with that address, in campaign 1; empty: not.
    ``stack``: its name.
    """

    def __init__(
        self,
        seed: int | str = 0,
        *,
        faults: Faults | None = None,
        search_lag: float = 120.0,
        index_lag: float = 0.5,
        duplicates: float = 0.0,
        journal: bool = False,
        sweep: bool = True,
        reconcile: bool = True,
        functions: Sequence[str] = OF_A_SIGNUP,
        sync: bool = False,
        synthetic: str = "",
        stack: str = "referral-factory-intercom",
        parameters: Mapping[str, str] | None = None,
        intercom: Mapping[str, Any] | None = None,
        referral_factory: Mapping[str, Any] | None = None,
    ) -> None:
        self.seed = seed
        self.loop = Loop(BEGINNING)
        self.blueprint = read_blueprint()
        self.synthetic = synthetic
        self.conditions = {"MakeSyntheticSignup"} if synthetic else set()
        self.cloud = Cloud(
            self.blueprint,
            self.now,
            str(seed),
            index_lag=index_lag,
            duplicates=duplicates,
            journal=journal,
            parameters={"AWS::StackName": stack, **(parameters or {})}
            | ({"SyntheticSignupCampaign": "1", "SyntheticSignupEmail": synthetic} if synthetic else {}),
        )
        self.intercom = Intercom(
            clock=self.now,
            chance=Random(f"intercom {seed}"),
            settings=IntercomSettings(
                tokens=[INTERCOM_TOKEN],
                client_secret=CLIENT_SECRET,
                search_lag_seconds=search_lag,
                seed=False,
                **(intercom or {}),
            ),
        )
        self.referral_factory = ReferralFactory(
            clock=self.now,
            chance=Random(f"referral_factory {seed}"),
            settings=default_settings().changed(referral_factory) if referral_factory else default_settings(),
        )
        self.crossing = Crossing(self.loop, faults or NoFaults())
        self.transport = VendorTransport(
            self.intercom, self.referral_factory, self.post, self.crossing, Random(f"network {seed}")
        )
        self._chance = Random(f"application {seed}")
        latency = Random(f"latency {seed}")
        self._aws = {
            service: AwsClient(service, getattr(self.cloud, service), self.crossing, latency)
            for service in ("dynamodb", "sqs", "secretsmanager")
        }
        self.metrics: Recorded = {}
        self.lambda_errors: list[tuple[float, str, BaseException]] = []
        self.access_log: list[tuple[float, dict[str, str]]] = []
        self.chains: dict[Any, Counter[str]] = {}
        """Running invocation → how often each function was invoked in the chain of messages that led to it."""
        self._chains_of_messages: dict[str, Counter[str]] = {}
        self.throttles: list[tuple[float, str]] = []
        self.concurrency = 1_000
        """Invocations at once in the whole account."""
        self.throttled: set[str] = set()
        """Functions that Lambda turns away whatever the account has left, as a reservation of 0 does."""
        self.logs = LogLines(SECRETS)
        self.signups: dict[int, Signup] = {}
        self.known_contacts: set[str] = set()
        self.before: dict[str, dict[str, Any]] = {}
        """What the contacts that were there before held."""
        self.policies: dict[int, set[str]] = {}
        """Campaign → the duplicate policies that it ever had."""
        self.invented: set[str] = set()
        """Addresses of signups that somebody invented: they may be created, and overwrite nobody."""
        self.paused: set[str] = set()
        self.unstartable: set[str] = set()
        """Functions that AWS refuses the scheduler: a permission, or the account."""
        self.webhooks_dropped = 0
        self.drop_webhook = lambda _webhook: False
        self.cloud.put_secret("WebhookSecret", current=WEBHOOK_SECRET, next="")
        self.cloud.put_secret("IntercomSecret", access_token=INTERCOM_TOKEN)
        self.cloud.put_secret("IntercomAppSecret", client_id="canary-id", client_secret=CLIENT_SECRET)
        self.cloud.put_secret("ReferralFactorySecret", api_key=API_KEY)
        running = (*functions, *(OF_A_SYNC if sync else ()), *(("synthetic_signup",) if synthetic else ()))
        self.functions = {name: LambdaFunction(self, self.blueprint.functions[name]) for name in running}
        self.pollers = [
            Poller(self, source, function) for function in self.functions.values() for source in function.made.sources
        ]
        self._watch_sends()
        self._watch_additions()
        for name, fires in (
            ("sweep", sweep),
            ("reconcile", reconcile),
            ("start_sync", sync),
            ("synthetic_signup", bool(synthetic)),
        ):
            if fires:
                self.start_schedule(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends what still runs."""
        with logs_into(self.logs):
            self.loop.close()

    # -- clock and chance, as the application's ports want them --------------------------------------------------------

    def now(self) -> float:
        return self.loop.time

    def sleep(self, seconds: float) -> None:
        self.crossing.sleep(max(0.0, seconds))

    def fraction(self) -> float:
        return self._chance.random()

    def token(self) -> str:
        return f"{self._chance.getrandbits(128):032x}"

    # -- what happens --------------------------------------------------------------------------------------------------

    def run(self, seconds: float | None = None, *, until: float | None = None) -> None:
        """Lets ``seconds`` pass, or time up to ``until``."""
        with logs_into(self.logs):
            self.loop.run(self.now() + (seconds or 0.0) if until is None else until)

    def at(self, time: float, act: Any) -> None:
        """Does something at a virtual time."""
        self.loop.at(time, act)

    def configure(self, document: Mapping[str, Any], *, activation_mark: int | None = -1) -> None:
        """Saves a campaign as the console does. ``activation_mark`` -1: the highest id there is; None:
        it is left to reconcile."""
        campaigns = self.environment("deliver_contact").campaigns
        before = campaigns.find(int(document["campaign_id"]))
        with logs_into(self.logs):
            saved = campaigns.save(campaign_of(document), before.version if before else None, "a test", self.now())
        for audience in ("person_invited", "person_referring"):
            self.policies.setdefault(saved.campaign_id, set()).add(dict(document[audience]).get("duplicates", "skip"))
        if activation_mark == -1 and saved.activation_mark is None and document.get("status") == "active":
            activation_mark = max(self.referral_factory.account.people.ids(), default=0)
        if activation_mark not in (None, -1):
            campaigns.set_activation_mark(saved.campaign_id, activation_mark)

    def sign_up(
        self, email: str, first_name: str = "Ivo", *, campaign: int = 1, referrer: int | None = 1, last_name: str = "Holm"
    ) -> Signup:
        """A person joins at Referral Factory, which then posts its webhooks. ``referrer``: a user id, None for a person
        referring."""
        account = self.referral_factory.account
        person = account.join(
            account.campaigns[campaign],
            first_name=first_name,
            email=email,
            source="Referred" if referrer is not None else "Direct",
            referrer=account.people.with_id(referrer) if referrer is not None else None,
            meta={"Last Name": last_name} if last_name else {},
        )
        signup = self.signups[person.id] = Signup(person, self.now(), [])
        self._post_webhooks()
        return signup

    def add_contact(self, email: str, role: str = "user", **fields: Any) -> Contact:
        """A contact that was in Intercom before, and that search shows."""
        contact = add_contact(self.intercom.workspace, {"role": role, "email": email, **fields}, age=86_400.0)
        self.known_contacts.add(contact.id)
        self.before[contact.id] = {"name": contact.name, **contact.custom_attributes}
        return contact

    def invent(self, user_id: int, email: str, *, campaign: int = 1) -> None:
        """Somebody who has the webhook secret posts a signup that Referral Factory does not know."""
        self.invented.add(email)
        facts = {"id": user_id, "email": email, "first_name": "Mallory", "source": "Referred", "campaign_id": campaign}
        url = f"{APP_URL}/webhooks/referral-factory/{campaign}/joined"
        headers = {"X-Webhook-Secret": WEBHOOK_SECRET, "Content-Type": "application/json"}
        self.post(OutgoingWebhook("invented", "POST", url, headers, json.dumps(facts).encode(), name=f"invented-{user_id}"))

    def post(self, webhook: OutgoingWebhook, answered: Any = None) -> None:
        """Any HTTP call at the webhook's address; ``answered`` gets the status."""

        def then(answer: Any, ended: BaseException | None) -> None:
            status = answer["statusCode"] if ended is None else 500
            if answered is not None:
                answered(status)

        self.functions["signup_webhook"].invoke(webhook_event(webhook, self.now()), then)

    def _post_webhooks(self) -> None:
        """Takes what Referral Factory has to send now, and comes back for what it will send later."""
        outbox = self.referral_factory.account.outbox
        for webhook in self.referral_factory.take_webhooks(self.now()):
            if self.drop_webhook(webhook):
                self.webhooks_dropped += 1
                continue
            self.post(webhook, lambda status, webhook=webhook: self._answered(webhook, status))
        if outbox.waiting():
            self.loop.at(outbox._waiting[0][0], self._post_webhooks)

    def _answered(self, webhook: OutgoingWebhook, status: int) -> None:
        self.referral_factory.webhook_answered(webhook, status)
        if webhook.url.endswith("/joined") and webhook.body.startswith(b"{"):
            signup = self.signups.get(int(json.loads(webhook.body).get("id", 0)))
            if signup is not None:
                signup.answered.append((self.now(), status))

    def start_schedule(self, name: str) -> None:
        """From now on ``sweep`` or ``reconcile`` fires at the template's rate."""
        every = self.blueprint.functions[name].every
        assert every is not None

        def tick() -> None:
            self.at(self.now() + every, tick)
            if name not in self.paused:
                self.fire(name)
            self._measure_queues()

        self.at(self.now() + every, tick)

    def _measure_queues(self) -> None:
        """As CloudWatch does each minute."""
        for poller in self.pollers:
            queue = poller.source.queue
            self.metrics.setdefault(f"age {queue}", []).append((self.now(), self.cloud.oldest_age(queue)))
        for queue in self.blueprint.queues:
            if queue.endswith("DeadLetterQueue"):
                self.metrics.setdefault(f"visible {queue}", []).append((self.now(), self.cloud.visible(queue)))

    def fire(self, name: str) -> None:
        """A schedule fires: ``sweep`` or ``reconcile``."""
        made = self.functions[name].made
        if name in self.unstartable:
            self.at(self.now() + made.schedule_patience, lambda: self._give_up_start(made))
            return
        self.functions[name].invoke_later({"version": "0", "source": "aws.scheduler", "id": f"{name}-{int(self.now())}"})

    def _give_up_start(self, made: Function) -> None:
        """The scheduler has tried for as long as it may.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
        """
        if made.schedule_dead_letters:
            url = self.cloud.queue_url(made.schedule_dead_letters)
            self.cloud.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"source": "aws.scheduler"}))

    # -- processes -----------------------------------------------------------------------------------------------------

    def environment(self, name: str) -> Environment:
        """One that is idle, or a new one: for tests that set something up or look."""
        function = self.functions[name]
        if not function.idle:
            function.idle.append(self.new_environment(function))
        return function.idle[-1]

    def new_environment(self, function: LambdaFunction) -> Environment:
        """A new process of a function."""
        settings = settings_of(function.variables, function.made.name)
        return Environment(
            settings, self._aws.__getitem__, lambda _: self.transport, self, self, ProcessMetrics(self.metrics, self.now)
        )

    def _note_chain(self, answer: Mapping[str, Any]) -> None:
        chain = self.chains.get(self.loop.current)
        for sent in [answer, *answer.get("Successful", ())] if chain else ():
            if "MessageId" in sent:
                self._chains_of_messages[sent["MessageId"]] = chain

    def chain_of(self, messages: Sequence[Mapping[str, Any]], function: str) -> Counter[str]:
        """The longest of the messages' chains, with one invocation of the function more."""
        ids = [message.get("MessageId") or message.get("messageId") for message in messages]
        chains = [self._chains_of_messages.get(str(one), Counter()) for one in ids]
        return max(chains, key=lambda one: one[function], default=Counter()) + Counter([function])

    @property
    def service_name(self) -> str:
        """The dimension of what the functions count."""
        [name] = {function.variables["POWERTOOLS_SERVICE_NAME"] for function in self.functions.values()}
        return name

    def note_lambda_error(self, function: Function, ended: BaseException) -> None:
        self.lambda_errors.append((self.now(), function.id, ended))

    def _watch_additions(self) -> None:
        """People that the application adds make webhooks as well, which may come before the answer is stored."""
        answer = self.referral_factory.answer

        def watched(request: Any) -> Any:
            response = answer(request)
            if request.method == "POST" and response.status == 201:
                self.at(self.now(), self._post_webhooks)
            return response

        self.referral_factory.answer = watched  # type: ignore[method-assign]

    def _watch_sends(self) -> None:
        """A poller looks at its queue after whatever may have put something there."""
        sqs = self.cloud.sqs

        def watched(method: Any) -> Any:
            def call(**request: Any) -> Any:
                answer = method(**request)
                self._note_chain(answer)
                for poller in self.pollers:
                    poller.arm()
                return answer

            return call

        for name in ("send_message", "send_message_batch", "change_message_visibility", "start_message_move_task"):
            setattr(sqs, name, watched(getattr(sqs, name)))
