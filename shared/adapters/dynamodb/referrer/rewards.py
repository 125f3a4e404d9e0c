"""Rewards, beside the ledger's row of the person who earned them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from shared.adapters.dynamodb.changing import SeenLately, change_row
from shared.adapters.dynamodb.items import Item, from_item, json_text, to_item
from shared.adapters.dynamodb.signup.referral_items import key_of_referral
from shared.adapters.dynamodb.table import Table
from shared.domain.referrer.reward import Kind, Reward, RewardFacts, Status
from shared.errors import NotFoundError
from shared.ports.clock import Clock
from shared.ports.referrer import RewardKey, Rewards

_PREFIX = "REWARD#"
_PLAIN = tuple(field.name for field in fields(Reward) if field.name != "facts")
_STORED = {"preexisting": "known", "reported_at": "told_at", "ended_at": "settled_at"}
"""Names in the table, where the code has another by now: code before and after a deployment reads the same rows."""
_TIMES = ("noted_at", "changed_at", "reported_at", "reserved_at", "ended_at", "again_at")


class DynamoRewards(Rewards):
    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._lately: SeenLately[RewardKey, Reward] = SeenLately(clock)

    def find(self, key: RewardKey) -> Reward | None:
        item = self._table.find(*_keys(key))
        return None if item is None else _reward(item)

    def find_all(self, keys: Sequence[RewardKey]) -> Mapping[RewardKey, Reward]:
        found = map(_reward, self._table.find_all(map(_keys, keys)))
        return {_key_of(reward): reward for reward in found}

    def of_person(self, campaign_id: int, user_id: int) -> Sequence[Reward]:
        values = {":pk": key_of_referral(campaign_id, user_id), ":prefix": _PREFIX}
        rewards = [_reward(item) for item in self._table.query("pk = :pk AND begins_with(sk, :prefix)", values)]
        for reward in rewards:
            self._lately.note(_key_of(reward), reward)
        return rewards

    def add(self, reward: Reward) -> bool:
        return self._table.put(_item(reward), "attribute_not_exists(pk)")

    def update(self, key: RewardKey, change: Callable[[Reward], Reward]) -> Reward:
        def read() -> tuple[Reward, None]:
            found = self.find(key)
            if found is None:
                raise NotFoundError(f"no reward {key.kind} {key.id} of user {key.user_id}")
            return found, None

        def write(after: Reward, _: None) -> bool:
            written = self._table.put(_item(after), "version = :version", {":version": after.version - 1})
            if written:
                self._lately.note(key, after)
            return written

        seen = self._lately.take(key)
        return change_row(read, change, write, "reward's row", None if seen is None else (seen, None))


def _key_of(reward: Reward) -> RewardKey:
    return RewardKey(reward.campaign_id, reward.user_id, *reward.key)


def _keys(key: RewardKey) -> tuple[str, str]:
    return key_of_referral(key.campaign_id, key.user_id), f"{_PREFIX}{key.kind}#{key.id}"


def _item(reward: Reward) -> dict[str, Any]:
    pk, sk = _keys(_key_of(reward))
    plain = {_STORED.get(name, name): getattr(reward, name) for name in _PLAIN}
    return to_item({"pk": pk, "sk": sk, **plain, "facts": json_text(asdict(reward.facts))})


def _reward(item: Item) -> Reward:
    values = from_item(item)
    facts = {name: value for name, value in json.loads(values["facts"]).items() if name in RewardFacts.__slots__}
    reported = RewardFacts(**{**facts, "kind": Kind(facts["kind"]), "status": Status(facts["status"])})
    plain: dict[str, Any] = {name: values[stored] for name in _PLAIN if (stored := _STORED.get(name, name)) in values}
    plain |= {name: float(plain[name]) for name in _TIMES if name in plain}
    return Reward(reported, **plain)
