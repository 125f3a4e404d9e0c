"""Whether the workspace's attributes take what a campaign's settings write to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from shared.domain.campaign.campaign import AttributeTrigger, AudienceSettings, Campaign
from shared.domain.campaign.rule import Rule, folded
from shared.domain.campaign.settings_check import Problem, attribute_name_problem
from shared.domain.contact import CUSTOM, Attribute, Value
from shared.domain.mapping import DATE_TYPES, META, STANDARD_TYPES, coerce, unreadable, unusable
from shared.domain.person import Audience

TEXT, CHOICE, NUMBER, DATE, ANYTHING = "text", "a word", "a number", "a date", "whatever the person wrote"
KINDS: Mapping[str, str] = {
    "campaign.id": NUMBER,
    "referrals_count": NUMBER,
    "converted_referrals_count": NUMBER,
    "signed_up_at": DATE,
    "source": CHOICE,
    "type": CHOICE,
    "campaign.name": CHOICE,
}
"""What a mapping source yields. Everything else is TEXT, but ``meta.<label>``, which is checked on delivery."""
TAKEN_BY: Mapping[str, frozenset[str]] = {
    TEXT: frozenset({"string"}),
    CHOICE: frozenset({"string", "options"}),
    NUMBER: frozenset({"integer", "float", "string"}),
    DATE: frozenset({"date", "datetime", "string"}),
}
TYPE_WORDS: Mapping[str, str] = {
    "string": "text",
    "integer": "whole numbers",
    "float": "numbers",
    "boolean": "true or false",
    "date": "dates",
    "datetime": "dates",
}
WRITTEN: Mapping[str, str] = {
    "rewards.last_reward": TEXT,
    "rewards.rewards_total": NUMBER,
    "rewards.reward_status": CHOICE,
    "sync.write_back.referral_link": TEXT,
    "sync.write_back.referral_code": TEXT,
    "sync.write_back.referral_count": NUMBER,
    "sync.write_back.converted_referral_count": NUMBER,
}
"""Places that name one attribute, and what is written to it."""
EXACT = frozenset({"boolean", "integer", "float"})
"""Types whose values may be written in several ways, of which a contact holds one."""


def find_unfit(campaign: Campaign, attributes: Mapping[str, Attribute]) -> list[Problem]:
    """What the workspace would refuse. ``attributes`` by the name a mapping writes, archived ones included or not.

    Names that no workspace could take are left to ``settings_check``.
    """
    problems: list[Problem] = []
    for audience in Audience:
        problems += _audience(str(audience), campaign.audience(audience), attributes)
    if campaign.trigger:
        problems += _trigger(campaign.trigger, attributes)
    chosen = {f"rewards.{key}": name for key, name in campaign.rewards.attributes.items()}
    chosen |= {f"sync.write_back.{key}": name for key, name in campaign.sync.attributes.items()}
    for place, name in chosen.items():
        if not attribute_name_problem(name):
            problem = _unfit(name, WRITTEN[place], attributes)
            problems += [(place, problem)] if problem else []
    problems += _sync_sources([source for source, _ in campaign.sync.mapping], attributes)
    return problems


def as_held(campaign: Campaign, attributes: Mapping[str, Attribute], zone: str) -> Campaign:
    """With dates that qualify, or come first, as a contact holds them: in seconds. ``zone``: the workspace's, for days."""
    trigger = campaign.trigger
    if trigger is None or (attribute := _attribute(trigger.attribute, attributes)).data_type not in DATE_TYPES:
        return campaign
    held = replace(
        trigger,
        initial_value=coerce(trigger.initial_value, attribute, zone),
        qualified_values=tuple(coerce(value, attribute, zone) for value in trigger.qualified_values),
    )
    return replace(campaign, trigger=held)


def kind_of(source: str) -> str:
    """What a mapping source yields."""
    return ANYTHING if source.startswith(META) else KINDS.get(source, TEXT)


def takes(attribute: Attribute) -> str:
    """What the attribute takes, in plain words."""
    return f"only {', '.join(attribute.options)}" if attribute.options else TYPE_WORDS.get(attribute.data_type, "nothing")


def _audience(place: str, audience: AudienceSettings, attributes: Mapping[str, Attribute]) -> Iterator[Problem]:
    targets: set[str] = set()
    for index, row in enumerate(audience.mapping):
        source, target = row.source, row.target
        if attribute_name_problem(target):
            continue
        fixed = row.value is not None
        problem = _unfit_value(target, row.value, attributes) if fixed else _unfit(target, kind_of(source), attributes, source)
        if not problem and target in targets and _type(_attribute(target, attributes)) != "string":
            problem = f"{target} takes one value; only text attributes can join several fields."
        if problem:
            yield f"{place}.mapping[{index}].to", problem
        targets.add(target)
    for name, value in audience.defaults.items():
        if not attribute_name_problem(name):
            problem = _unfit_value(name, value, attributes)
            if problem:
                yield f"{place}.defaults.{name}", problem


def _trigger(trigger: AttributeTrigger, attributes: Mapping[str, Attribute]) -> Iterator[Problem]:
    place, name, initial = "qualification.trigger", trigger.attribute, trigger.initial_value
    problem = _unread(name, attributes)
    if problem:
        yield f"{place}.attribute", problem
        return
    attribute, values = _attribute(name, attributes), trigger.qualified_values
    if initial is not None:
        problem = _unfit_value(name, initial, attributes)
        if not problem and Rule(name, values).matches(coerce(initial, attribute)):
            problem = f"“{initial}” is also a qualified value: the referral would count as successful from the start."
        if problem:
            yield f"{place}.initial_value", problem
    for index, value in enumerate(values):
        problem = _refused(value, attribute) or _unfound(value, attribute)
        if problem:
            yield f"{place}.qualified_values[{index}]", problem


def _sync_sources(sources: Sequence[str], attributes: Mapping[str, Attribute]) -> Iterator[Problem]:
    for index, source in enumerate(sources):
        problem = _unread(source, attributes)
        if problem:
            yield f"sync.mapping[{index}].from", problem


def _unread(name: str, attributes: Mapping[str, Attribute]) -> str | None:
    if name not in attributes and name not in STANDARD_TYPES:
        return _absent(name)
    problem = unreadable(name)
    return f"{problem}. Choose another attribute." if problem else None


def _unfit(name: str, kind: str, attributes: Mapping[str, Attribute], source: str = "") -> str | None:
    problem = _unwritable(name, attributes)
    attribute = _attribute(name, attributes)
    if problem or kind == ANYTHING or _type(attribute) in TAKEN_BY[kind]:
        return problem
    return f"{name} takes {takes(attribute)}, and {source or 'what is written here'} is {kind}."


def _unfit_value(name: str, value: Value, attributes: Mapping[str, Attribute]) -> str | None:
    return _unwritable(name, attributes) or _refused(value, _attribute(name, attributes))


def _unwritable(name: str, attributes: Mapping[str, Attribute]) -> str | None:
    if name not in attributes and name.startswith(CUSTOM):
        return _absent(name)
    problem = unusable(name, attributes)
    return f"{problem}." if problem else None


def _refused(value: Value, attribute: Attribute) -> str | None:
    try:
        coerce(value, attribute)
    except ValueError as error:
        return f"{error}, not “{value}”."
    return None


def _unfound(value: Value, attribute: Attribute) -> str | None:
    """A contact holds ``true`` where "yes" was written, and is compared with what was written."""
    held = coerce(value, attribute)
    if attribute.data_type not in EXACT or Rule(attribute.name, (value,)).matches(held):
        return None
    shown = folded(held)
    return f"{attribute.name} holds {shown}, so “{value}” is never found. Write {shown}."


def _absent(name: str) -> str:
    return f"Intercom has no attribute {name}. Create it in Intercom, or choose another one."


def _attribute(name: str, attributes: Mapping[str, Attribute]) -> Attribute:
    return attributes.get(name) or Attribute(name, STANDARD_TYPES.get(name, "string"))


def _type(attribute: Attribute) -> str:
    return "options" if attribute.options else attribute.data_type
