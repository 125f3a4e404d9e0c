"""Two campaigns that write to one attribute: saving warns."""

from __future__ import annotations

import pytest

from shared.adapters.campaign_document import campaign_of
from shared.domain.campaign.campaign import Campaign
from shared.domain.campaign.shared_attributes import find_shared
from shared.use_cases.campaign.save_campaign import save_campaign
from tests.support.builders import App
from tests.support.documents import campaign_document

COUNT = "custom_attributes.referral_count"


def campaign(**settings: object) -> Campaign:
    return campaign_of(campaign_document(**settings))


def test_each_attribute_that_another_campaign_writes_is_named_with_that_campaign() -> None:
    found = find_shared(campaign(campaign_id=2), [campaign(name="Friends of ours")])
    assert [place for place, _ in found] == ["sync.write_back.referral_count", "sync.write_back.converted_referral_count"]
    assert COUNT in found[0][1]
    assert "Friends of ours" in found[0][1]


@pytest.mark.parametrize("other", [{"campaign_id": 2}, {"status": "draft"}, {"sync": None, "rewards": None}])
def test_itself_drafts_and_campaigns_that_write_elsewhere_are_no_reason(other: dict[str, object]) -> None:
    assert find_shared(campaign(campaign_id=2), [campaign(**other)]) == []


@pytest.mark.parametrize(
    ("mode", "places"),
    [("off", []), ("once", ["sync.write_back.referral_link"]), ("ongoing", ["sync.write_back.referral_link"])],
)
def test_a_link_is_shared_where_both_are_synced(mode: str, places: list[str]) -> None:
    """Without a sync nobody writes links back."""
    synced = {"mode": mode, "write_back": {"referral_link": "custom_attributes.referral_link"}}
    found = find_shared(campaign(campaign_id=2, sync=synced), [campaign(sync=synced)])
    assert [place for place, _ in found] == places


def test_a_reward_attribute_that_is_another_campaigns_count_is_shared_too() -> None:
    mine = campaign(campaign_id=2, sync=None, rewards={"rewards_total": COUNT})
    assert [place for place, _ in find_shared(mine, [campaign()])] == ["rewards.rewards_total"]


def test_saving_warns_and_saves(app: App) -> None:
    saved = save_campaign(app.environment, campaign(campaign_id=2, name="Partners"), None, "mara@example.com")
    assert saved.campaign.campaign_id == 2
    assert any(COUNT in sentence for _, sentence in saved.warnings)
