"""Sends a stand-in's due webhooks over real HTTP and tells the vendor's rules how they were answered."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from urllib.parse import urlsplit

from sandbox.vendors.admin import Log, Vendor, read_small_json
from sandbox.vendors.wire import OutgoingWebhook

ANSWER_SECONDS = 5.0
"""How long a receiver may take."""

LOOK_SECONDS = 0.1
SENDERS = 8


class WebhookSender:
    """One thread that looks for due webhooks, and a few that send them, so that one slow receiver holds up none."""

    def __init__(self, vendor: Vendor, lock: threading.Lock, clock: Callable[[], float], log: Log) -> None:
        self._vendor = vendor
        self._lock = lock
        self._clock = clock
        self._log = log
        self._wake = threading.Event()
        self._stopped = False
        self._senders = ThreadPoolExecutor(SENDERS, thread_name_prefix=f"{vendor.name}-webhook")
        self._thread = threading.Thread(target=self._look, name=f"{vendor.name}-webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self) -> None:
        """Waits for the calls under way, at most ANSWER_SECONDS."""
        self._stopped = True
        self._wake.set()
        self._thread.join(ANSWER_SECONDS)
        self._senders.shutdown(wait=True, cancel_futures=True)

    def _look(self) -> None:
        while not self._stopped:
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()
            with self._lock:
                due = self._vendor.take_webhooks(self._clock())
            for webhook in due:
                if not self._stopped:
                    self._senders.submit(self._send, webhook)

    def _send(self, webhook: OutgoingWebhook) -> None:
        sent_at, started = self._clock(), monotonic()
        status: int | None = None
        problem = None
        try:
            status = call(webhook)
        except (OSError, http.client.HTTPException, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"
        self._log.add(
            {
                "time": sent_at,
                "seconds": round(monotonic() - started, 6),
                "name": webhook.name,
                "method": webhook.method,
                "url": webhook.url,
                "attempt": webhook.attempt,
                "status": status,
                "problem": problem,
                "body": read_small_json(webhook.body),
            }
        )
        with self._lock:
            self._vendor.webhook_answered(webhook, status)


def call(webhook: OutgoingWebhook) -> int:
    """The status of the answer; redirects are not followed. Raises OSError, HTTPException or ValueError."""
    parts = urlsplit(webhook.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"no address to call: {webhook.url}")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=ANSWER_SECONDS)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(webhook.method, target, body=webhook.body or None, headers=dict(webhook.headers))
        answer = connection.getresponse()
        answer.read(65536)
        return answer.status
    finally:
        connection.close()
