"""Notifications to the app: topics, envelope, signature, one retry after a minute.

https://developers.intercom.com/docs/webhooks
"""

from __future__ import annotations

import hashlib
import heapq
import hmac
import json
from collections import deque
from dataclasses import replace
from typing import Any

from sandbox.vendors.intercom.contacts.documents import webhook_contact_document
from sandbox.vendors.intercom.workspace import Contact, Tag, Workspace
from sandbox.vendors.wire import OutgoingWebhook

RETRY_SECONDS = 60.0
MAX_ATTEMPTS = 2
MAX_THROTTLE_SECONDS = 7200.0
MAX_ERRORS = 1000
ERROR_WINDOW_SECONDS = PAUSE_SECONDS = 900.0
USER_AGENT = "intercom-parrot-service-client/1.0"


class Notifier:
    """Makes notifications and keeps those that are not sent yet."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._waiting: list[tuple[float, int, OutgoingWebhook]] = []
        self._last = 0
        self._throttle_seconds = 0.0
        self._not_before = 0.0
        self._errors: deque[float] = deque(maxlen=MAX_ERRORS + 1)
        self.is_disabled = False
        self.url_check: int | None = None
        self.recent: deque[dict[str, Any]] = deque(maxlen=200)

    # what happened

    def contact_created(self, contact: Contact, *, by_api: bool) -> None:
        self.contact_changed(contact, f"contact.{contact.role}.created", by_api=by_api)

    def contact_updated(self, before: Contact, after: Contact, *, by_api: bool) -> None:
        """A lead that became a user is reported as ``contact.lead.signed_up`` alone."""
        if before.role != after.role:
            self.contact_changed(after, "contact.lead.signed_up", by_api=by_api)
        else:
            self.contact_changed(after, f"contact.{after.role}.updated", by_api=by_api)
        if before.email != after.email:
            is_first = after.role == "lead" and not before.email
            self.contact_changed(after, "contact.lead.added_email" if is_first else "contact.email.updated", by_api=by_api)
        if before.unsubscribed_from_emails != after.unsubscribed_from_emails:
            topic = "contact.unsubscribed" if after.unsubscribed_from_emails else "contact.subscribed"
            self.contact_changed(after, topic, by_api=by_api)

    def contact_changed(self, contact: Contact, topic: str, *, by_api: bool) -> None:
        """Tell a topic whose item is the whole contact."""
        if self._is_wanted(topic, by_api=by_api):
            self._notify(topic, webhook_contact_document(self._workspace, contact), by_api=by_api)

    def contact_ended(self, contact: Contact, topic: str, *, by_api: bool) -> None:
        """The item is minimal: it has no e-mail."""
        flag = topic.rpartition(".")[2]
        item = {"id": contact.id, "external_id": contact.external_id, "type": "contact", flag: True}
        self._notify(topic, item, by_api=by_api)

    def contact_merged(self, lead: Contact, user: Contact, *, by_api: bool) -> None:
        item = webhook_contact_document(self._workspace, user)
        if self._workspace.settings.merged_webhook_names_source:
            item["merged_from"] = {"type": "contact", "id": lead.id}
        self._notify("contact.merged", item, by_api=by_api)

    def tag_changed(self, contact: Contact, tag: Tag, change: str, *, by_api: bool) -> None:
        """``change`` is created or deleted."""
        item = {
            "type": "contact_tag",
            "tag": {"type": "tag", "id": tag.id, "name": tag.name},
            "contact": webhook_contact_document(self._workspace, contact),
        }
        self._notify(f"contact.{contact.role}.tag.{change}", item, by_api=by_api)

    def ping(self) -> None:
        """What the Developer Hub's *Send a test request* sends."""
        item = {"type": "ping", "message": "something something interzen"}
        self._put(self._envelope("ping", item, notification_id=None), 0.0)

    def url_changed(self) -> None:
        """A new address gets a HEAD request and a fresh start."""
        self.is_disabled, self._throttle_seconds, self._not_before, self.url_check = False, 0.0, 0.0, None
        self._errors.clear()
        self._waiting.clear()
        url = self._workspace.settings.webhook_url
        if url:
            self._push(OutgoingWebhook("intercom", "HEAD", url, {"User-Agent": USER_AGENT}, b"", name="head"))

    def uninstalled(self) -> None:
        """Tell the uninstall address; its signature is another one: HMAC-SHA256 in X-Body-Signature."""
        settings = self._workspace.settings
        if settings.uninstall_url:
            body = json.dumps({"app_id": settings.workspace_id}, separators=(",", ":")).encode()
            digest = hmac.new(settings.client_secret.encode(), body, hashlib.sha256).hexdigest()
            headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT, "X-Body-Signature": digest}
            self._push(OutgoingWebhook("intercom", "POST", settings.uninstall_url, headers, body, name="uninstall"))

    # on their way

    def take_due(self, now: float) -> list[OutgoingWebhook]:
        """Each is given out once; while the subscription is throttled or paused, notifications wait."""
        due: list[OutgoingWebhook] = []
        held: list[tuple[float, int, OutgoingWebhook]] = []
        while self._waiting and self._waiting[0][0] <= now:
            entry = heapq.heappop(self._waiting)
            if now < self._not_before and entry[2].name not in {"head", "uninstall"}:
                held.append((self._not_before, entry[1], entry[2]))
            elif not (self.is_disabled and entry[2].name not in {"head", "uninstall"}):
                due.append(entry[2])
        for entry in held:
            heapq.heappush(self._waiting, entry)
        return due

    def answered(self, webhook: OutgoingWebhook, status: int | None) -> None:
        """``status`` None: no answer within 5 s. 410 ends the subscription, 429 slows it down."""
        self.recent.appendleft({"topic": webhook.name, "attempt": webhook.attempt, "status": status})
        if webhook.name == "head":
            self.url_check = status or 0
        if webhook.name in {"head", "uninstall"}:
            return
        if status is not None and 200 <= status < 300:
            self._throttle_seconds = 0.0
            self._errors.clear()
        elif status == 410:
            self.is_disabled = True
        elif status == 429:
            self._slow_down(webhook)
        else:
            self._failed(webhook)

    def _slow_down(self, webhook: OutgoingWebhook) -> None:
        """All notifications wait 1 minute to 2 hours; those that would wait longer are dropped."""
        now = self._workspace.now()
        self._throttle_seconds = min(max(RETRY_SECONDS, 2 * self._throttle_seconds), MAX_THROTTLE_SECONDS)
        self._not_before = max(self._not_before, now + self._throttle_seconds)
        if self._not_before - webhook.not_before <= MAX_THROTTLE_SECONDS:
            self._push(replace(webhook, attempt=webhook.attempt), at=self._not_before)

    def _failed(self, webhook: OutgoingWebhook) -> None:
        now = self._workspace.now()
        self._errors.append(now)
        if len(self._errors) > MAX_ERRORS and now - self._errors[0] <= ERROR_WINDOW_SECONDS:
            self._not_before = now + PAUSE_SECONDS
            self._errors.clear()
        if webhook.attempt < MAX_ATTEMPTS:
            document = json.loads(webhook.body)
            document["delivery_attempts"] = webhook.attempt + 1
            document["delivery_status"] = "retry"
            self._put(document, RETRY_SECONDS, webhook.attempt + 1)

    def _notify(self, topic: str, item: dict[str, Any], *, by_api: bool) -> None:
        workspace, settings = self._workspace, self._workspace.settings
        if not self._is_wanted(topic, by_api=by_api):
            return
        if settings.webhook_loss_share and workspace.chance.random() < settings.webhook_loss_share:
            return
        envelope = self._envelope(topic, item, f"notif_{workspace.new_uuid()}")
        is_doubled = settings.webhook_duplicate_share and workspace.chance.random() < settings.webhook_duplicate_share
        for _ in range(2 if is_doubled else 1):
            shuffle = settings.webhook_shuffle_seconds
            self._put(envelope, settings.webhook_delay_seconds + (workspace.chance.random() * shuffle if shuffle else 0))

    def _is_wanted(self, topic: str, *, by_api: bool) -> bool:
        settings = self._workspace.settings
        return bool(settings.webhook_url) and topic in settings.topics and (settings.api_writes_notify or not by_api)

    def _envelope(self, topic: str, item: dict[str, Any], notification_id: str | None) -> dict[str, Any]:
        now = int(self._workspace.now())
        return {
            "type": "notification_event",
            "app_id": self._workspace.settings.workspace_id,
            "data": {"type": "notification_event_data", "item": item},
            "links": {},
            "id": notification_id,
            "topic": topic,
            "delivery_status": None if notification_id is None else "pending",
            "delivery_attempts": 1,
            "delivered_at": 0,
            "first_sent_at": now,
            "created_at": now,
            "self": None,
        }

    def _put(self, envelope: dict[str, Any], delay: float, attempt: int = 1) -> None:
        settings = self._workspace.settings
        if not settings.webhook_url:
            return
        body = json.dumps(envelope, separators=(",", ":"), ensure_ascii=False).encode()
        digest = hmac.new(settings.client_secret.encode(), body, hashlib.sha1).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
            "X-Hub-Signature": f"sha1={digest}",
        }
        at = self._workspace.now() + delay
        webhook = OutgoingWebhook("intercom", "POST", settings.webhook_url, headers, body, attempt, at, envelope["topic"])
        self._push(webhook, at=at)

    def _push(self, webhook: OutgoingWebhook, at: float = 0.0) -> None:
        self._last += 1
        heapq.heappush(self._waiting, (at, self._last, webhook))
