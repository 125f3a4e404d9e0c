"""What the account holds beside people: its campaigns. https://developers.referral-factory.com (campaigns)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.adapters.referral_factory.client import ReferralFactoryClient
from shared.adapters.referral_factory.reading import id_of, text_of
from shared.domain.person import Audience
from shared.domain.sync.sign_up_form import further_labels
from shared.ports.connection import Account, AccountCampaign


class ReferralFactoryAccount(ReferralFactoryClient, Account):
    def campaigns(self) -> Sequence[AccountCampaign]:
        """See ``Account.campaigns``: one call."""
        (entries, _), _ = self._page("/campaigns", 1)
        return [_campaign(entry, number) for entry in entries if (number := id_of(entry.get("id")))]


def _campaign(entry: Mapping[str, Any], campaign_id: int) -> AccountCampaign:
    fields = entry.get("fields")
    forms = fields if isinstance(fields, Mapping) else {}
    labels = {str(audience): _labels(forms.get(audience)) for audience in Audience}
    name, status, url = (text_of(entry.get(key)) or "" for key in ("name", "status", "url"))
    return AccountCampaign(campaign_id, name, status, url, labels)


def _labels(form: Any) -> Sequence[str]:
    rows = form if isinstance(form, list) else []
    return further_labels(label for row in rows if isinstance(row, Mapping) and (label := text_of(row.get("label"))))
