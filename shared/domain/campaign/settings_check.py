"""Whether a campaign's settings make sense and are complete (DESIGN section 6).

The document's shape is checked before (``shared.adapters.admin.schemas``). What is *wrong* is never saved; what is
*missing* may be saved in a draft, for nothing of it runs. What an attribute takes is in ``attribute_check``.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.campaign.campaign import Action, AttributeTrigger, AudienceSettings, Campaign, Rewards
from shared.domain.contact import CUSTOM
from shared.domain.mapping import STANDARD_TYPES, is_source
from shared.domain.person import Audience
from shared.domain.sync.source import Mode, SourceKind, SyncSettings

Problem = tuple[str, str]
"""A place in the document, such as ``person_invited.mapping[2].to``, and a plain sentence."""

SYNC_TARGETS = ("first_name", "email")
SYNC_META = "meta."
LISTS = {SourceKind.SEGMENTS: "segment", SourceKind.TAGS: "tag"}
NEEDS_LIST = "Choose at least one {} whose contacts are synced."
ALIASES = frozenset({"id", "qualified_at", "referrer.id"})
"""What a webhook's field may stand for beside the sources of a mapping."""


def find_wrong(campaign: Campaign) -> list[Problem]:
    """What can never work, whatever the workspace's attributes are. Such settings are not saved."""
    problems: list[Problem] = []
    for audience in Audience:
        problems += _audience_wrong(str(audience), campaign.audience(audience))
    if campaign.trigger:
        problems += _trigger_wrong(campaign.trigger)
    problems += _rewards_wrong(campaign.rewards)
    problems += _sync_wrong(campaign.sync)
    problems += _written_twice(campaign)
    problems += [
        (f"aliases.{name}", f"“{meaning}” is no field of a person; take one such as first_name, email or meta.<label>.")
        for name, meaning in campaign.aliases.items()
        if not (is_source(meaning) or meaning in ALIASES)
    ]
    return problems


def find_missing(campaign: Campaign) -> list[Problem]:
    """What is still to be filled in before the campaign can be active."""
    problems: list[Problem] = []
    if not campaign.name.strip():
        problems.append(("name", "Give the campaign a name."))
    for audience in Audience:
        problems += _audience_missing(str(audience), campaign.audience(audience))
    if campaign.trigger and not campaign.trigger.qualified_values:
        problems.append(("qualification.trigger.qualified_values", "Choose at least one value that qualifies the referral."))
    if campaign.sync.mode is not Mode.OFF:
        problems += _sync_missing(campaign.sync)
    return problems


def attribute_name_problem(name: str) -> str | None:
    """Why a mapping can never write to that name, in any workspace."""
    if name.startswith(CUSTOM):
        short = name.removeprefix(CUSTOM)
        return None if short and "." not in short and "$" not in short else f"“{name}” is no name of a custom attribute."
    if name in STANDARD_TYPES:
        return None
    return (
        f"“{name}” is no standard attribute that can be written. Those are {', '.join(sorted(STANDARD_TYPES))}; "
        f"custom attributes are written as {CUSTOM}<name>."
    )


def _audience_wrong(place: str, audience: AudienceSettings) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    targets: set[str] = set()
    for index, row in enumerate(audience.mapping):
        here, target, fixed = f"{place}.mapping[{index}]", row.target, row.value is not None
        source = f"the fixed value “{row.value}”" if fixed else row.source
        if not fixed and not is_source(source):
            yield f"{here}.from", f"“{source}” is no field of a person in Referral Factory."
        if fixed and not str(row.value).strip():
            yield f"{here}.value", "Write the value, or remove the row."
        problem = attribute_name_problem(target)
        if problem:
            yield f"{here}.to", problem
        elif target == "email" and source != "email":
            yield f"{here}.to", f"The attribute email takes the person's e-mail address only, not {source}."
        elif (source, target) in seen:
            yield here, f"{source} is mapped to {target} twice."
        elif target in targets and STANDARD_TYPES.get(target, "string") != "string":
            yield f"{here}.to", f"{target} takes one value; only text attributes can join several fields."
        seen.add((source, target))
        targets.add(target)
    for name in audience.defaults:
        problem = attribute_name_problem(name)
        if name == "email":
            problem = "The e-mail address comes from the person; it cannot have a default."
        if problem:
            yield f"{place}.defaults.{name}", problem


def _audience_missing(place: str, audience: AudienceSettings) -> Iterator[Problem]:
    action, rows = audience.action, audience.mapping
    if action is Action.NONE:
        return
    missing = []
    if not any(row.source == "first_name" for row in rows):
        missing.append("First name is not mapped: add a row from first_name, for example to name.")
    if not any(row.source == "email" and row.target == "email" for row in rows):
        missing.append("E-mail is not mapped: add a row from email to email.")
    for sentence in missing:
        yield f"{place}.mapping", f"{sentence} First name and e-mail must be mapped when the action is “{action}”."


def _trigger_wrong(trigger: AttributeTrigger) -> Iterator[Problem]:
    place, name, initial = "qualification.trigger", trigger.attribute, trigger.initial_value
    if name.startswith(CUSTOM) or initial is not None:
        problem = attribute_name_problem(name)
        if problem:
            yield f"{place}.attribute", problem
    values = [_folded(value) for value in trigger.qualified_values]
    if initial is not None and _folded(initial) in values:
        yield (
            f"{place}.initial_value",
            f"“{initial}” is also a qualified value: the referral would count as successful from the start.",
        )
    for index, value in enumerate(values):
        if value in values[:index]:
            yield f"{place}.qualified_values[{index}]", "This value is there twice."


def _rewards_wrong(rewards: Rewards) -> Iterator[Problem]:
    for key, name in rewards.attributes.items():
        problem = attribute_name_problem(name)
        if problem:
            yield f"rewards.{key}", problem


def _written_twice(campaign: Campaign) -> Iterator[Problem]:
    """Two facts in one attribute would be written by turns, for ever."""
    chosen = [(f"sync.write_back.{key}", key, name) for key, name in campaign.sync.attributes.items()]
    chosen += [(f"rewards.{key}", key, name) for key, name in campaign.rewards.attributes.items()]
    first: dict[str, str] = {}
    for place, key, name in chosen:
        if first.setdefault(name, key) != key:
            yield place, f"{name} is chosen for {first[name]} already. Choose an attribute of its own for each."


def _sync_wrong(sync: SyncSettings) -> Iterator[Problem]:
    targets: set[str] = set()
    for index, (source, target) in enumerate(sync.mapping):
        here = f"sync.mapping[{index}].to"
        if target not in SYNC_TARGETS and not (target.startswith(SYNC_META) and len(target) > len(SYNC_META)):
            yield here, f"Referral Factory takes first_name, email and meta.<label of a form field>, not “{target}”."
        elif target == "email" and source != "email":
            yield here, f"The e-mail address comes from the attribute email, not from {source}."
        elif target == "email" and target in targets:
            yield here, "The e-mail address is mapped twice."
        targets.add(target)
    for key, name in sync.attributes.items():
        problem = attribute_name_problem(name)
        if problem or name == "email":
            yield f"sync.write_back.{key}", problem or "The attribute email takes the person's e-mail address only."
    if sync.ids and sync.kind not in LISTS:
        yield "sync.source.ids", f"Lists are chosen, but the source is “{sync.kind}”."
    if len(set(sync.ids)) < len(sync.ids):
        yield "sync.source.ids", "A list is chosen twice."


def _sync_missing(sync: SyncSettings) -> Iterator[Problem]:
    targets = {target for _, target in sync.mapping}
    for target, label in (("first_name", "First name"), ("email", "E-mail")):
        if target not in targets:
            yield "sync.mapping", f"{label} is not mapped: Referral Factory needs first_name and email of each contact."
    if sync.kind in LISTS and not sync.ids:
        yield "sync.source.ids", NEEDS_LIST.format(LISTS[sync.kind])


def _folded(value: object) -> str:
    return str(value).strip().casefold()
