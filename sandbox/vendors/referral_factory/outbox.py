"""Outgoing webhooks: made once when something happens, never again.

The vendor documents neither retries nor an order, no signature, no delivery id, and no event name in the payload.
https://referral-factory.com/help (outbound webhooks; the sample payload is that of 2022)
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sandbox.vendors.referral_factory.payloads import make_payload, make_webhook
from sandbox.vendors.referral_factory.records import Person, Reward
from sandbox.vendors.referral_factory.settings import WebhookRule
from sandbox.vendors.wire import OutgoingWebhook

if TYPE_CHECKING:
    from sandbox.vendors.referral_factory.account import Account

EVENTS: tuple[Literal["joined", "qualified", "rewarded"], ...] = ("joined", "qualified", "rewarded")
LOG_LENGTH = 2000


@dataclass(slots=True)
class SentWebhook:
    """One line of the webhook log. ``status`` is the answer's; None while none has come."""

    name: str
    event: str
    campaign_id: int
    person_id: int
    url: str
    made_at: float
    fate: Literal["waiting", "lost", "taken", "answered", "unanswered"] = "waiting"
    status: int | None = None


class Outbox:
    """The webhooks that wait, and a log of the last 2,000."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._waiting: list[tuple[float, int, OutgoingWebhook]] = []
        self._log: deque[SentWebhook] = deque(maxlen=LOG_LENGTH)
        self._by_name: dict[str, SentWebhook] = {}
        self._made = 0
        self._silent = False

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Meanwhile nothing is announced."""
        self._silent = True
        try:
            yield
        finally:
            self._silent = False

    def rules(self) -> tuple[WebhookRule, ...]:
        """The webhooks in force: those of the settings, else three for each campaign below ``webhook_base_url``."""
        settings = self._account.settings
        if settings.webhooks is not None:
            return settings.webhooks
        if not settings.webhook_base_url:
            return ()
        base = f"{settings.webhook_base_url.rstrip('/')}/webhooks/referral-factory"
        headers = {"X-Webhook-Secret": settings.webhook_secret} if settings.webhook_secret else {}
        return tuple(
            WebhookRule(campaign_id, event, f"{base}/{campaign_id}/{event}", headers=headers)
            for campaign_id in self._account.campaigns
            for event in EVENTS
        )

    def announce(self, event: Literal["joined", "qualified", "rewarded"], person: Person, reward: Reward | None = None) -> None:
        """Make the webhooks that listen to this; a share is lost or made twice, as the settings say."""
        if self._silent:
            return
        settings, chance = self._account.settings, self._account.chance
        for rule in self.rules():
            if (rule.campaign_id, rule.event) != (person.campaign_id, event) or person.source not in rule.sources:
                continue
            payload = make_payload(self._account, rule, person, reward)
            if settings.webhook_loss and chance.random() < settings.webhook_loss:
                self._record(event, person, rule.url).fate = "lost"
                continue
            copies = 2 if settings.webhook_double and chance.random() < settings.webhook_double else 1
            for _ in range(copies):
                self._put(event, person, rule, payload)

    def _put(self, event: str, person: Person, rule: WebhookRule, payload: dict[str, object]) -> None:
        not_before = self._account.clock() + self._account.settings.webhook_delay_seconds
        entry = self._record(event, person, rule.url)
        webhook = make_webhook(rule, payload, name=entry.name, not_before=not_before)
        heapq.heappush(self._waiting, (webhook.not_before, self._made, webhook))

    def _record(self, event: str, person: Person, url: str) -> SentWebhook:
        self._made += 1
        name = f"referral-factory-{self._made}"
        entry = SentWebhook(name, event, person.campaign_id, person.id, url, self._account.clock())
        if len(self._log) == LOG_LENGTH:
            self._by_name.pop(self._log[0].name, None)
        self._log.append(entry)
        self._by_name[name] = entry
        return entry

    def take(self, now: float) -> list[OutgoingWebhook]:
        """What is due, each once; in the order of their time, or in any order if the settings say so."""
        due = []
        while self._waiting and self._waiting[0][0] <= now:
            due.append(heapq.heappop(self._waiting)[2])
        if self._account.settings.webhook_order == "shuffled":
            self._account.chance.shuffle(due)
        for webhook in due:
            if entry := self._by_name.get(webhook.name):
                entry.fate = "taken"
        return due

    def answered(self, webhook: OutgoingWebhook, status: int | None) -> None:
        """Note the answer. Whatever it is, the webhook is not sent again."""
        if entry := self._by_name.get(webhook.name):
            entry.fate, entry.status = ("unanswered", None) if status is None else ("answered", status)

    def log(self) -> list[SentWebhook]:
        """The newest first."""
        return list(reversed(self._log))

    def waiting(self) -> int:
        return len(self._waiting)
