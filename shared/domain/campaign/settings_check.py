"""Whether a campaign's settings make sense and are complete (DESIGN section 6).

The document's shape is checked before (``shared.adapters.admin.schemas``). What is *wrong* is never saved; what is
*missing* may be saved in a draft, for nothing of it runs. What an attribute takes is in ``attribute_check``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from shared.domain.campaign.campaign import REWARD_ATTRIBUTES
from shared.domain.contact import CUSTOM
from shared.domain.mapping import STANDARD_TYPES, is_source
from shared.domain.person import Audience

Problem = tuple[str, str]
"""A place in the document, such as ``person_invited.mapping[2].to``, and a plain sentence."""
Document = Mapping[str, Any]

SYNC_TARGETS = ("first_name", "email")
SYNC_META = "meta."
LISTS = {"segments": "segment", "tags": "tag"}
NEEDS_LIST = "Choose at least one {} whose contacts are synced."
ALIASES = frozenset({"id", "qualified_at", "referrer.id"})
"""What a webhook's field may stand for beside the sources of a mapping."""


def find_wrong(document: Document) -> list[Problem]:
    """What can never work, whatever the workspace's attributes are. Such a document is not saved."""
    problems: list[Problem] = []
    for audience in Audience:
        problems += _audience_wrong(str(audience), document.get(audience) or {})
    problems += _qualification_wrong(document.get("qualification") or {})
    problems += _rewards_wrong(document.get("rewards") or {})
    problems += _sync_wrong(document.get("sync") or {})
    problems += _written_twice(document)
    problems += [
        (f"aliases.{name}", f"“{meaning}” is no field of a person; take one such as first_name, email or meta.<label>.")
        for name, meaning in (document.get("aliases") or {}).items()
        if not (is_source(meaning) or meaning in ALIASES)
    ]
    return problems


def find_missing(document: Document) -> list[Problem]:
    """What is still to be filled in before the campaign can be active."""
    problems: list[Problem] = []
    if not (document.get("name") or "").strip():
        problems.append(("name", "Give the campaign a name."))
    for audience in Audience:
        problems += _audience_missing(str(audience), document.get(audience) or {})
    trigger = (document.get("qualification") or {}).get("trigger") or {}
    if trigger.get("kind") == "attribute" and not trigger.get("qualified_values"):
        problems.append(("qualification.trigger.qualified_values", "Choose at least one value that qualifies the referral."))
    sync = document.get("sync") or {}
    if sync.get("mode", "off") != "off":
        problems += _sync_missing(sync)
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


def _audience_wrong(place: str, section: Document) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    targets: set[str] = set()
    for index, row in enumerate(section.get("mapping") or ()):
        here, source, target = f"{place}.mapping[{index}]", row["from"], row["to"]
        if not is_source(source):
            yield f"{here}.from", f"“{source}” is no field of a person in Referral Factory."
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
    for name in section.get("defaults") or {}:
        problem = attribute_name_problem(name)
        if name == "email":
            problem = "The e-mail address comes from the person; it cannot have a default."
        if problem:
            yield f"{place}.defaults.{name}", problem


def _audience_missing(place: str, section: Document) -> Iterator[Problem]:
    action = section.get("action", "none")
    if action == "none":
        return
    rows = section.get("mapping") or ()
    missing = []
    if not any(row["from"] == "first_name" for row in rows):
        missing.append("First name is not mapped: add a row from first_name, for example to name.")
    if not any(row["from"] == "email" and row["to"] == "email" for row in rows):
        missing.append("E-mail is not mapped: add a row from email to email.")
    for sentence in missing:
        yield f"{place}.mapping", f"{sentence} First name and e-mail must be mapped when the action is “{action}”."


def _qualification_wrong(section: Document) -> Iterator[Problem]:
    trigger = section.get("trigger") or {}
    if trigger.get("kind") != "attribute":
        return
    place, initial = "qualification.trigger", trigger.get("initial_value")
    name = trigger["attribute"]
    if name.startswith(CUSTOM) or initial is not None:
        problem = attribute_name_problem(name)
        if problem:
            yield f"{place}.attribute", problem
    values = [_folded(value) for value in trigger.get("qualified_values") or ()]
    if initial is not None and _folded(initial) in values:
        yield (
            f"{place}.initial_value",
            f"“{initial}” is also a qualified value: the referral would count as successful from the start.",
        )
    for index, value in enumerate(values):
        if value in values[:index]:
            yield f"{place}.qualified_values[{index}]", "This value is there twice."


def _rewards_wrong(section: Document) -> Iterator[Problem]:
    for key in REWARD_ATTRIBUTES:
        problem = attribute_name_problem(section[key]) if section.get(key) else None
        if problem:
            yield f"rewards.{key}", problem


def _written_twice(document: Document) -> Iterator[Problem]:
    """Two facts in one attribute would be written by turns, for ever."""
    write_back, rewards = (document.get("sync") or {}).get("write_back") or {}, document.get("rewards") or {}
    chosen = [(f"sync.write_back.{key}", key, name) for key, name in write_back.items() if name]
    chosen += [(f"rewards.{key}", key, rewards[key]) for key in REWARD_ATTRIBUTES if rewards.get(key)]
    first: dict[str, str] = {}
    for place, key, name in chosen:
        if first.setdefault(name, key) != key:
            yield place, f"{name} is chosen for {first[name]} already. Choose an attribute of its own for each."


def _sync_wrong(section: Document) -> Iterator[Problem]:
    targets: set[str] = set()
    for index, row in enumerate(section.get("mapping") or ()):
        target, here = row["to"], f"sync.mapping[{index}].to"
        if target not in SYNC_TARGETS and not (target.startswith(SYNC_META) and len(target) > len(SYNC_META)):
            yield here, f"Referral Factory takes first_name, email and meta.<label of a form field>, not “{target}”."
        elif target == "email" and row["from"] != "email":
            yield here, f"The e-mail address comes from the attribute email, not from {row['from']}."
        elif target == "email" and target in targets:
            yield here, "The e-mail address is mapped twice."
        targets.add(target)
    for key, name in (section.get("write_back") or {}).items():
        problem = attribute_name_problem(name) if name else None
        if problem or name == "email":
            yield f"sync.write_back.{key}", problem or "The attribute email takes the person's e-mail address only."
    source = section.get("source") or {}
    ids = source.get("ids") or []
    if ids and source.get("kind", "all") not in LISTS:
        yield "sync.source.ids", f"Lists are chosen, but the source is “{source.get('kind', 'all')}”."
    if len(set(ids)) < len(ids):
        yield "sync.source.ids", "A list is chosen twice."


def _sync_missing(section: Document) -> Iterator[Problem]:
    targets = {row["to"] for row in section.get("mapping") or ()}
    for target, label in (("first_name", "First name"), ("email", "E-mail")):
        if target not in targets:
            yield "sync.mapping", f"{label} is not mapped: Referral Factory needs first_name and email of each contact."
    source = section.get("source") or {}
    kind = source.get("kind", "all")
    if kind in LISTS and not source.get("ids"):
        yield "sync.source.ids", NEEDS_LIST.format(LISTS[kind])


def _folded(value: object) -> str:
    return str(value).strip().casefold()
