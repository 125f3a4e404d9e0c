"""The stand-in of Referral Factory: REST API, campaign pages and outgoing webhooks, without a socket or a clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.vendors.referral_factory.account import Account
from sandbox.vendors.referral_factory.api import rest
from sandbox.vendors.referral_factory.api.refusals import RefusedError
from sandbox.vendors.referral_factory.pages.pages import Pages
from sandbox.vendors.referral_factory.payloads import VENDOR
from sandbox.vendors.referral_factory.seed import seed
from sandbox.vendors.referral_factory.settings import ReferralFactorySettings
from sandbox.vendors.wire import OutgoingWebhook, Request, Response

if TYPE_CHECKING:
    import random


class ReferralFactory:
    """One account. ``clock`` gives seconds since 1970; one thread at a time.

    A response with the header ``X-Stand-In-Delay`` is meant to be sent that many seconds later; status 0 means that the
    connection is closed without an answer.
    """

    name = VENDOR

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        chance: random.Random,
        settings: ReferralFactorySettings | None = None,
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._first_settings = settings or ReferralFactorySettings()
        self._pages = Pages()
        self.account = self._new_account(self._first_settings)

    def answer(self, request: Request) -> Response:
        if self.is_api_call(request):
            return rest.answer(self.account, request)
        if request.path.startswith("/api/"):
            return Response(302, {"Location": "/"})
        return self._pages.answer(self.account, request)

    def is_api_call(self, request: Request) -> bool:
        """A browser that opens the address as such is sent to the pages."""
        is_clicked = request.path == "/api/v2" and request.method == "GET" and "text/html" in request.headers.get("accept", "")
        return request.path.startswith("/api/") and not is_clicked

    def refuse(self, status: int) -> Response:
        """The usual error of that status, without any effect."""
        return RefusedError(status).response()

    def take_webhooks(self, now: float) -> list[OutgoingWebhook]:
        """The webhooks that are due, each given out once."""
        return self.account.outbox.take(now)

    def webhook_answered(self, webhook: OutgoingWebhook, status: int | None) -> None:
        """Note the answer; None: there was none. Nothing is ever sent again."""
        self.account.outbox.answered(webhook, status)

    def read_settings(self) -> dict[str, Any]:
        return self.account.settings.document()

    def change_settings(self, changes: dict[str, Any]) -> None:
        """ValueError with the reason, and nothing changed, when a name or value is wrong."""
        self.account.settings = self.account.settings.changed(changes)

    def start_at(self, public_url: str) -> None:
        """Tell where people reach the pages; holds after a reset of the settings too."""
        self._first_settings = replace(self._first_settings, public_url=public_url)
        self.account.settings = replace(self.account.settings, public_url=public_url)

    def reset(self, *, settings: bool = False) -> None:
        """Seed again; ``settings``: with the settings of the start as well."""
        self.account = self._new_account(self._first_settings if settings else self.account.settings)

    def read_state(self) -> dict[str, Any]:
        """Calls, strikes, blocks, webhooks and totals; also at ``GET /state``."""
        return self._pages.state(self.account)

    def _new_account(self, settings: ReferralFactorySettings) -> Account:
        account = Account(clock=self._clock, chance=self._chance, settings=settings)
        seed(account)
        return account
