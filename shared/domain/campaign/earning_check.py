"""Whether anybody could earn a reward without doing what earns it, or a stranger write what is not theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.domain.campaign.campaign import AudienceSettings, Campaign, DuplicatePolicy
from shared.domain.campaign.settings_check import Problem
from shared.domain.contact import Attribute
from shared.domain.person import Audience

NOT_A_FORMS = {
    "unsubscribed_from_emails": "whether the contact gets your e-mails",
    "owner_id": "which teammate owns the contact",
}
"""Standard attributes that no public form decides, and what they say."""


def find_unearned(campaign: Campaign) -> list[Problem]:
    """What lets us write the tracked attribute ourselves, or a public form write to contacts that were there before."""
    name = campaign.trigger.attribute if campaign.trigger else None
    sentence = f"{name} qualifies referrals, so nothing else may write it: whoever fills in the form would earn the reward."
    problems = [(place, sentence) for place, target in _targets(campaign) if target == name]
    for audience in Audience:
        problems += _strangers(str(audience), campaign.audience(audience))
    return problems


def find_open_to_visitors(campaign: Campaign, attributes: Mapping[str, Attribute]) -> list[Problem]:
    """A tracked attribute that a website's visitor can set through Intercom's Messenger."""
    trigger = campaign.trigger
    attribute = attributes.get(trigger.attribute) if trigger else None
    if trigger is None or attribute is None or not attribute.messenger_writable or trigger.risk_accepted == trigger.attribute:
        return []
    name = trigger.attribute
    sentence = (
        f"Visitors of your website can set {name} through Intercom's Messenger, and so qualify themselves. Switch that off in "
        f"the attribute's settings in Intercom, choose another one, or accept the risk (in a file: messenger_risk_accepted is "
        f"“{name}”)."
    )
    return [("qualification.trigger.attribute", sentence)]


def find_risky(campaign: Campaign) -> list[Problem]:
    """Warnings: what a public form may overwrite on contacts that were there before."""
    return [
        (place, "Whoever knows somebody's e-mail address can change the phone number of their contact through your form.")
        for audience in Audience
        for place, target in _mapped(str(audience), campaign.audience(audience))
        if target == "phone" and _touches_others(campaign.audience(audience))
    ]


def _strangers(place: str, audience: AudienceSettings) -> Iterator[Problem]:
    if not _touches_others(audience):
        return
    for here, target in _mapped(place, audience):
        if target in NOT_A_FORMS:
            sentence = f"{target} says {NOT_A_FORMS[target]}, which a public form must not change on contacts that were there."
            yield here, f"{sentence} Take the row out, or skip such contacts."


def _touches_others(audience: AudienceSettings) -> bool:
    return audience.duplicates is not DuplicatePolicy.SKIP


def _mapped(place: str, audience: AudienceSettings) -> Iterator[Problem]:
    yield from ((f"{place}.mapping[{index}].to", row.target) for index, row in enumerate(audience.mapping))


def _targets(campaign: Campaign) -> Iterator[Problem]:
    """Each place that writes to a contact, and the attribute."""
    for audience in Audience:
        settings = campaign.audience(audience)
        yield from _mapped(str(audience), settings)
        yield from ((f"{audience}.defaults.{name}", name) for name in settings.defaults)
    yield from ((f"rewards.{key}", name) for key, name in campaign.rewards.attributes.items())
    yield from ((f"sync.write_back.{key}", name) for key, name in campaign.sync.attributes.items())
