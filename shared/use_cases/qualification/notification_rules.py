"""Which notifications can matter, kept in the process for a minute: a workspace may send a million a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from shared.domain.campaign.campaign import Status
from shared.domain.campaign.rule import ROLE, Rule, rule_of
from shared.domain.contact import Value
from shared.errors import TransientError
from shared.observability import logger
from shared.use_cases.environment import Environment

if TYPE_CHECKING:
    from shared.domain.connection.connection import Connection

RULES_KEPT_SECONDS = 60.0
NOTHING_KEPT_SECONDS = 5.0
"""That there is nothing is kept too, but so shortly that whoever has just connected, or saved the first campaign, need not
wait: without it each notification of a workspace that nobody tracks, or of another one, would read the table."""


Stored = TypeVar("Stored")


@dataclass(frozen=True, slots=True)
class NotificationRule:
    """``any_value``: whatever the tracked attribute holds can matter, for a reversal or a departure."""

    rule: Rule
    any_value: bool


class NotificationRules:
    """The connected workspace, and the rules of the campaigns that are not drafts, at most a minute old."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._rules: list[NotificationRule] = []
        self._connection: Connection | None = None
        self._rules_until = 0.0
        self._connection_read_at = float("-inf")
        self._unreadable_until = float("-inf")

    def workspace_id(self, *, fresh: bool = False) -> str | None:
        """Of the workspace that is or was connected; None when there never was one. ``fresh``: at most five seconds old.
        Raises TransientError."""
        now = self._environment.clock.now()
        kept = NOTHING_KEPT_SECONDS if fresh or self._connection is None else RULES_KEPT_SECONDS
        if now - self._connection_read_at >= kept:
            self._connection = self._newest(self._environment.connections.find, self._connection)
            self._connection_read_at = now
        return self._connection.workspace_id if self._connection else None

    def read(self) -> list[NotificationRule]:
        """Raises TransientError."""
        now = self._environment.clock.now()
        if now >= self._rules_until:
            self._rules = self._newest(self._list, self._rules or None) or []
            self._rules_until = now + (RULES_KEPT_SECONDS if self._rules else NOTHING_KEPT_SECONDS)
        return self._rules

    def _list(self) -> list[NotificationRule]:
        return [
            NotificationRule(rule, campaign.unqualify_on_reversal or campaign.watches_departures or bool(campaign.uncounted))
            for campaign in self._environment.campaigns.list()
            if campaign.status is not Status.DRAFT and (rule := rule_of(campaign)) is not None
        ]

    def _newest(self, read: Callable[[], Stored | None], last: Stored | None) -> Stored | None:
        """What is read; while the table cannot be read, what is known, and for a minute nobody tries again. Raises
        TransientError when nothing is known."""
        now = self._environment.clock.now()
        if last is not None and now < self._unreadable_until:
            return last
        try:
            return read()
        except TransientError:
            if last is None:
                raise
            logger.warning("rules not read, the last known ones hold")
            self._unreadable_until = now + RULES_KEPT_SECONDS
            return last


def can_matter(rules: list[NotificationRule], values: Mapping[str, Value]) -> bool:
    """Whether a contact with these tracked values can change a qualification. A lead that becomes a user has a topic of its
    own, which always can."""
    return any(one.any_value or one.rule.matches(values.get(one.rule.attribute)) for one in rules if one.rule.attribute != ROLE)
