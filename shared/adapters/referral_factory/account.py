"""What the account holds beside people: its campaigns. https://developers.referral-factory.com (campaigns)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.adapters.referral_factory.client import PAGE_SIZE, VENDOR, ReferralFactoryClient
from shared.adapters.referral_factory.reading import id_of, text_of
from shared.domain.person import Audience
from shared.errors import UnavailableError
from shared.ports.administration import AccountCampaign


class ReferralFactoryAccount(ReferralFactoryClient):
    """Implements ``shared.ports.administration.Account`` beside the users."""

    def campaigns(self) -> Sequence[AccountCampaign]:
        """See ``Account.campaigns``: one call."""
        entries = self._get(f"/campaigns?page=1&per_page={PAGE_SIZE}").get("data")
        if not isinstance(entries, list):
            raise UnavailableError("Referral Factory: its answer is no list", vendor=VENDOR, status=200)
        return [
            _campaign(entry, number) for entry in entries if isinstance(entry, Mapping) and (number := id_of(entry.get("id")))
        ]


def _campaign(entry: Mapping[str, Any], campaign_id: int) -> AccountCampaign:
    fields = entry.get("fields")
    forms = fields if isinstance(fields, Mapping) else {}
    labels = {str(audience): _labels(forms.get(audience)) for audience in Audience}
    name, status, url = (text_of(entry.get(key)) or "" for key in ("name", "status", "url"))
    return AccountCampaign(campaign_id, name, status, url, labels)


def _labels(form: Any) -> list[str]:
    rows = form if isinstance(form, list) else []
    return [label for row in rows if isinstance(row, Mapping) and (label := text_of(row.get("label")))]
