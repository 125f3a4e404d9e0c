"""The webhook of a signup as Referral Factory posts it, posted to our own API."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Protocol

from shared.adapters.http.transport import HttpTransport
from shared.domain.person import Person
from shared.ports.signup import SignupPost

POST_TIMEOUT = 15.0
"""Seconds; the receiver itself has ten."""
ACCEPTED = 202


class SecretProvider(Protocol):
    """Where the webhook secret is. ``fresh`` reads it again."""

    def __call__(self, *, fresh: bool = False) -> str: ...


class WebhookPost(SignupPost):
    """``url``: the address of the *joined* webhook; ``{campaign_id}`` in it stands for the campaign's."""

    def __init__(self, transport: HttpTransport, url: str, secret: SecretProvider) -> None:
        self._transport = transport
        self._url = url
        self._secret = secret

    def __call__(self, campaign_id: int, person: Person) -> bool:
        """See ``SignupPost``. The fields are those of the outbound webhook's sample of 2022."""
        referrer = {f"referrer_{name}": value for name, value in asdict(person.referrer).items() if value is not None}
        fields = {
            **person.meta,
            **referrer,
            "id": person.user_id,
            "code": person.code,
            "first_name": person.first_name,
            "email": person.email,
            "url": person.url,
            "source": person.source,
            "campaign_id": campaign_id,
        }
        headers = {"Content-Type": "application/json", "X-Webhook-Secret": self._secret(fresh=True)}
        url = self._url.replace("{campaign_id}", str(campaign_id))
        return self._transport.send("POST", url, headers, json.dumps(fields).encode(), POST_TIMEOUT).status == ACCEPTED
