"""Whether a referral has earned its reward: pure rules over what was seen of its contacts (DESIGN section 4).

What is seen only adds up: each rule asks whether something was ever seen, or what was seen last, never in which order we
heard of it. So notifications may come late, twice or in any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shared.domain.campaign.campaign import Campaign
from shared.domain.campaign.rule import Rule
from shared.domain.contact import Value
from shared.domain.qualification.qualification import Qualification, Sighting, time_of
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import IN_INTERCOM, State


@dataclass(frozen=True, slots=True)
class Baseline:
    """What stood before. Sightings older than ``at`` count for nothing; a contact in ``standing`` was at a qualified value
    at ``at`` already, and has to leave it first."""

    at: float = 0.0
    standing: frozenset[str] = field(default_factory=frozenset)


def may_qualify(row: Referral, campaign: Campaign) -> bool:
    """Whether the contact is one that counts: people who were skipped do so only when the campaign says so, or when this
    application created the contact for another signup; nobody whom we made up does, for Referral Factory does not know them."""
    if row.synthetic:
        return False
    return row.state in IN_INTERCOM or (row.state is State.SKIPPED and (campaign.qualify_skipped or row.ours))


def baseline_of(row: Referral, rule: Rule) -> Baseline:
    """Of a delivered row. Values that qualify only since then say nothing: who stood at them was counted when they began to."""
    met = [*row.standing.items(), *([(row.contact_id, row.baseline)] if row.contact_id else [])]
    standing = {one for one, value in met if rule.matches(value) and not is_older(row, rule, value)}
    return Baseline(float(int(row.baseline_at or 0.0)), frozenset(standing))


def is_older(row: Referral, rule: Rule, value: Value) -> bool:
    """Whether the row was delivered before that became a qualified value."""
    return row.delivered_at is not None and row.delivered_at < rule.since_of(value)


def is_wanted(seen: Qualification, rule: Rule, baseline: Baseline) -> tuple[bool, Value]:
    """Whether the referral is qualified by what was seen, and by which value."""
    seen = seen.under(rule)
    baseline = _since_taken_back(seen, rule, baseline)
    if seen.wanted and not seen.sightings:
        return True, seen.value  # nothing was seen yet that could take it back
    sightings = [one for one in seen.sightings if one.at >= baseline.at]
    standing = _standing(seen, rule, baseline)
    adopted = {seen.survivor_of(one): baseline.at for one in baseline.standing}  # what began later is no bar to what was before
    for contact_id in dict.fromkeys(seen.survivor_of(one.contact_id) for one in sightings):
        own = [one for one in sightings if seen.survivor_of(one.contact_id) == contact_id]
        stood_at = standing.get(contact_id)
        left = [one.at for one in own if not rule.matches(one.value)]
        if rule.reversible:
            own = [one for one in own if one.read][-1:]
        for one in own:
            if not rule.matches(one.value):
                continue
            if rule.reversible and seen.wanted:
                return True, one.value  # it counts already, by whichever rule
            began = stood_at if stood_at is not None and (one.read or one.at >= stood_at) else adopted.get(contact_id)
            left_at = min((at for at in left if at >= (began or 0.0)), default=None)
            if one.at >= int(rule.since_of(one.value)) and _counts(one, began is not None, left_at):
                return True, one.value
    if not rule.reversible and seen.wanted:
        return True, seen.value
    since = seen.by_hand_at or 0.0
    if seen.by_hand and seen.wanted and not any(one.at > since and _comes(seen, one, rule, standing) for one in sightings):
        return True, seen.value  # nobody's value qualified it, so no value's change takes it back
    return False, None


def is_news(seen: Qualification, shown: Sighting, rule: Rule, baseline: Baseline) -> bool:
    """Whether a contact, as a search shows it, turns the qualification, or has left the qualified value at which it stood when
    it was adopted, and nobody has reported it yet."""
    seen = seen.under(rule)
    baseline = _since_taken_back(seen, rule, baseline)
    if _is_known(seen, shown):
        return False
    if rule.matches(shown.value):
        return (seen.by_hand or not seen.wanted) and earns(seen, shown, rule, baseline)
    return not seen.by_hand and ((rule.reversible and seen.wanted) or _leaves(seen, shown, rule, baseline))


def awaits_departure(seen: Qualification, rule: Rule, baseline: Baseline) -> bool:
    """Whether a contact stands at a qualified value that it has to leave before it can count: any other value of it matters."""
    seen = seen.under(rule)
    if seen.wanted and not seen.by_hand:
        return False
    baseline = _since_taken_back(seen, rule, baseline)
    standing = _standing(seen, rule, baseline)
    return any(not _has_left(seen, contact_id, stood_at, rule) for contact_id, stood_at in standing.items())


def earns(seen: Qualification, shown: Sighting, rule: Rule, baseline: Baseline) -> bool:
    """Whether values alone, that of ``shown`` among them, qualify the referral, whatever a hand gave."""
    values = replace(seen, wanted=False, by_hand=False, by_hand_at=None).saw(replace(shown, read=rule.reversible))
    return is_wanted(values, rule, baseline)[0]


def _since_taken_back(seen: Qualification, rule: Rule, baseline: Baseline) -> Baseline:
    """Where a hand took the qualification back, contacts stand where they stood then."""
    if seen.taken_back_at is None or seen.taken_back_at < baseline.at:
        return baseline
    newest = {one.contact_id: one for one in sorted(seen.sightings, key=time_of) if one.at <= seen.taken_back_at}
    standing = {contact_id for contact_id, one in newest.items() if rule.matches(one.value)}
    return Baseline(seen.taken_back_at, frozenset(standing))


def _standing(seen: Qualification, rule: Rule, baseline: Baseline) -> Mapping[str, float]:
    """The contacts that have to leave a qualified value first, each with the time since when leaving counts: at ``baseline``,
    or when the value became a qualified one."""
    standing = {seen.survivor_of(contact_id): baseline.at for contact_id in baseline.standing}
    before: dict[str, float] = {}
    for one in sorted(seen.sightings, key=time_of):
        contact_id = seen.survivor_of(one.contact_id)
        if not rule.matches(one.value):
            if one.at < before.get(contact_id, 0.0):
                del before[contact_id]
        elif one.at < int(rule.since_of(one.value)):
            before[contact_id] = max(rule.since_of(one.value), baseline.at)
    return {**standing, **before}


def _leaves(seen: Qualification, shown: Sighting, rule: Rule, baseline: Baseline) -> bool:
    contact_id = seen.survivor_of(shown.contact_id)
    stood_at = _standing(seen, rule, baseline).get(contact_id)
    if stood_at is None or shown.at < stood_at:
        return False
    return not _has_left(seen, contact_id, stood_at, rule)


def _has_left(seen: Qualification, contact_id: str, stood_at: float, rule: Rule) -> bool:
    left = (one for one in seen.sightings if one.at >= stood_at and not rule.matches(one.value))
    return any(seen.survivor_of(one.contact_id) == contact_id for one in left)


def _comes(seen: Qualification, one: Sighting, rule: Rule, standing: Mapping[str, float]) -> bool:
    """Whether it shows a contact at a value that counted by then, at which it did not just stand before."""
    if not rule.matches(one.value) or one.at < int(rule.since_of(one.value)):
        return False
    contact_id = seen.survivor_of(one.contact_id)
    stood_at = standing.get(contact_id)
    if stood_at is None:
        return True
    own = (other for other in seen.sightings if seen.survivor_of(other.contact_id) == contact_id)
    return any(stood_at <= other.at < one.at and not rule.matches(other.value) for other in own)


def _counts(sighting: Sighting, stood: bool, left_at: float | None) -> bool:
    """A contact that stood at a qualified value must have left it before. What we read ourselves came after all we heard."""
    return not stood or (left_at is not None and (sighting.read or left_at < sighting.at))


def _is_known(seen: Qualification, shown: Sighting) -> bool:
    """Whether what a search shows is no newer than the newest that is known of the contact."""
    newest = max((one for one in seen.sightings if one.contact_id == shown.contact_id), key=time_of, default=None)
    if newest is None or newest.at < shown.at:
        return False
    return int(newest.at) > int(shown.at) or newest.value == shown.value
