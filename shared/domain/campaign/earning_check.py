"""Whether anybody could earn a reward without doing what earns it, or a stranger write what is not theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.domain.campaign.campaign import REWARD_ATTRIBUTES, DuplicatePolicy
from shared.domain.campaign.settings_check import Document, Problem
from shared.domain.contact import Attribute
from shared.domain.person import Audience

NOT_A_FORMS = {
    "unsubscribed_from_emails": "whether the contact gets your e-mails",
    "owner_id": "which teammate owns the contact",
}
"""Standard attributes that no public form decides, and what they say."""


def find_unearned(document: Document) -> list[Problem]:
    """What lets us write the tracked attribute ourselves, or a public form write to contacts that were there before."""
    name = _tracked(document)
    sentence = f"{name} qualifies referrals, so nothing else may write it: whoever fills in the form would earn the reward."
    problems = [(place, sentence) for place, target in _targets(document) if target == name]
    for audience in Audience:
        problems += _strangers(str(audience), document.get(audience) or {})
    return problems


def find_open_to_visitors(document: Document, attributes: Mapping[str, Attribute]) -> list[Problem]:
    """A tracked attribute that a website's visitor can set through Intercom's Messenger."""
    name, trigger = _tracked(document), _trigger(document)
    attribute = attributes.get(name or "")
    if attribute is None or not attribute.messenger_writable or trigger.get("messenger_risk_accepted") == name:
        return []
    sentence = (
        f"Visitors of your website can set {name} through Intercom's Messenger, and so qualify themselves. Switch that off in "
        f"the attribute's settings in Intercom, choose another one, or accept the risk (in a file: messenger_risk_accepted is "
        f"“{name}”)."
    )
    return [("qualification.trigger.attribute", sentence)]


def find_risky(document: Document) -> list[Problem]:
    """Warnings: what a public form may overwrite on contacts that were there before."""
    return [
        (place, "Whoever knows somebody's e-mail address can change the phone number of their contact through your form.")
        for audience in Audience
        for place, target in _mapped(str(audience), document.get(audience) or {})
        if target == "phone" and _touches_others(document.get(audience) or {})
    ]


def _strangers(place: str, section: Document) -> Iterator[Problem]:
    if not _touches_others(section):
        return
    for here, target in _mapped(place, section):
        if target in NOT_A_FORMS:
            sentence = f"{target} says {NOT_A_FORMS[target]}, which a public form must not change on contacts that were there."
            yield here, f"{sentence} Take the row out, or skip such contacts."


def _touches_others(section: Document) -> bool:
    return DuplicatePolicy(section.get("duplicates", DuplicatePolicy.SKIP)) is not DuplicatePolicy.SKIP


def _trigger(document: Document) -> Document:
    trigger: Document = (document.get("qualification") or {}).get("trigger") or {}
    return trigger if trigger.get("kind") == "attribute" else {}


def _tracked(document: Document) -> str | None:
    return _trigger(document).get("attribute")


def _mapped(place: str, section: Document) -> Iterator[Problem]:
    yield from ((f"{place}.mapping[{index}].to", row["to"]) for index, row in enumerate(section.get("mapping") or ()))


def _targets(document: Document) -> Iterator[Problem]:
    """Each place that writes to a contact, and the attribute."""
    for audience in Audience:
        section = document.get(audience) or {}
        yield from _mapped(str(audience), section)
        yield from ((f"{audience}.defaults.{name}", name) for name in section.get("defaults") or {})
    rewards, write_back = document.get("rewards") or {}, (document.get("sync") or {}).get("write_back") or {}
    yield from ((f"rewards.{key}", rewards[key]) for key in REWARD_ATTRIBUTES if rewards.get(key))
    yield from ((f"sync.write_back.{key}", name) for key, name in write_back.items() if name)
