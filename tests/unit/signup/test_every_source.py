"""Each source of a mapping reaches Intercom alike, whether the webhook brought the person or Referral Factory's list did."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.vendors.referral_factory.payloads import make_payload
from sandbox.vendors.referral_factory.settings import WebhookRule
from shared.domain.mapping import SOURCES
from tests.support.builders import CUSTOM, EMAIL, App
from tests.support.documents import mapping

META = "meta.Last Name"
LINK = "referral_link"


def written(source: str, *, by_webhook: bool) -> Any:
    """What the contact holds of Ivo's fact once everything has settled."""
    app = App()
    app.configure(person_invited={"action": "lead", "mapping": mapping((source, f"{CUSTOM}{LINK}"))})
    account = app.referral_factory.account
    campaign = account.campaigns[1]
    rita = account.join(campaign, first_name="Rita", email="rita@example.com", source="Direct", ip="192.0.2.1")
    ivo = account.join(
        campaign,
        first_name="Ivo",
        email=EMAIL,
        source="Referred",
        referrer=rita,
        meta={"Last Name": "Lindqvist"},
        ip="192.0.2.2",
    )
    if by_webhook:
        rule = WebhookRule(campaign_id=1, event="joined", url="https://a.test/", sources=("Referred",))
        app.post(json.loads(json.dumps(make_payload(account, rule, ivo, None))))
        app.work()
        assert app.contacts(), "the webhook alone brings the contact"
    app.reconcile()
    app.live(3)
    return app.contact().custom_attributes.get(LINK)


@pytest.mark.parametrize("source", sorted({*SOURCES, META}))
def test_a_source_is_written_alike_by_webhook_and_by_reconcile(source: str) -> None:
    by_list = written(source, by_webhook=False)
    assert by_list not in (None, ""), "a fact that Referral Factory has, and that nobody reads from its list"
    assert written(source, by_webhook=True) == by_list
