"""Settings and their versions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws import cancellation_codes, code_of, transient_errors
from shared.adapters.campaign_document import campaign_of, document_of
from shared.adapters.dynamodb.items import Item, attribute_of, from_item, json_text, to_item
from shared.adapters.dynamodb.table import Table, attributes_of, key_of
from shared.domain.campaign.campaign import Campaign
from shared.domain.campaign.rule import since_when, uncounted
from shared.errors import ConflictError, NotFoundError
from shared.ports.campaign import Campaigns, SavedVersion

ALL = "CAMPAIGNS"
UNKNOWN_WITHIN = 3_600.0
"""Seconds in which unknown signups are counted together."""
NOTE_ATTEMPTS = 5
SECTIONS = {"counts": "sync"}
"""Where the settings of a part are that is no section of the document itself."""
PROBLEMS = "problems_"
"""Begins the names of the attributes that hold what was noted about a part of the campaign."""


class DynamoCampaigns(Campaigns):
    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, campaign_id: int) -> Campaign:
        campaign = self.find(campaign_id)
        if campaign is None:
            raise NotFoundError(f"Nobody has saved settings for campaign {campaign_id}.")
        return campaign

    def find(self, campaign_id: int) -> Campaign | None:
        item = self._table.find(*key_of_campaign(campaign_id))
        return None if item is None or "document" not in item else _campaign(item)

    def list(self) -> Sequence[Campaign]:
        """By campaign id."""
        items = self._table.query("pk = :all", {":all": ALL})
        return [_campaign(item) for item in items if "document" in item]

    def save(self, settings: Campaign, expected_version: int | None, author: str, at: float) -> Campaign:
        """See ``Campaigns.save``. The newest settings and the version are written together or not at all."""
        campaign_id = settings.campaign_id
        if expected_version is None:
            before = self._deleted(campaign_id)
            version = before.version + 1 if before else 1
        else:
            before = self.find(campaign_id)
            version = expected_version + 1
        text = json_text(document_of(settings))
        write_id = self._table.new_write_id()
        newest: dict[str, Any] = {
            "version": version,
            "document": text,
            "status": str(settings.status),
            "name": settings.name,
            "saved_by": author,
            "saved_at": float(at),
            "write_id": write_id,
            "schema": 1,
            "rule_since": json_text(dict(since_when(settings, before, at))),
            "uncounted": json_text(list(uncounted(settings, before))),
        }
        names = {f"#{name}": name for name in newest}
        expected = "attribute_not_exists(#document)" if expected_version is None else "attribute_exists(#document)"
        expected += " AND #version = :expected" if version > 1 else " AND attribute_not_exists(#version)"
        values = {f":{name}": value for name, value in newest.items()}
        if version > 1:
            values[":expected"] = version - 1
        solved = [f"#{PROBLEMS}{about}" for about in _changed(settings, self.find(campaign_id))]
        names |= {name: name.removeprefix("#") for name in solved}
        update = {
            "TableName": self._table.name,
            "Key": key_of(ALL, _sort_key(campaign_id)),
            "UpdateExpression": "SET "
            + ", ".join(f"#{name} = :{name}" for name in newest)
            + (f" REMOVE {', '.join(solved)}" if solved else ""),
            "ConditionExpression": expected,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": attributes_of(values),
        }
        kept = {name: value for name, value in newest.items() if name not in {"rule_since", "uncounted"}}
        saved = {"pk": f"CAMPAIGN#{campaign_id}", "sk": f"VERSION#{version:08d}", **kept}
        put = {
            "TableName": self._table.name,
            "Item": to_item(saved),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        self._write_both(update, put, write_id, campaign_id)
        return self.find(campaign_id) or replace(settings, version=version)

    def delete(self, campaign_id: int, expected_version: int) -> None:
        """See ``Campaigns.delete``. What is left of the row is the number of its last version."""
        item = self._table.find(*key_of_campaign(campaign_id)) or {}
        gone = sorted(set(item) - {"pk", "sk", "version", "schema"})
        expression = f"REMOVE {', '.join(f'#{name}' for name in gone)}"
        condition = "attribute_exists(#document) AND version = :expected"
        if "document" not in item:
            raise NotFoundError(f"Nobody has saved settings for campaign {campaign_id}.")
        key = (ALL, _sort_key(campaign_id))
        done, now = self._table.update(*key, expression, condition, {":expected": expected_version})
        left = from_item(now or {})
        if done is None and ("document" in left or left.get("version") != expected_version):  # else it is deleted all the same
            raise ConflictError(f"the settings of campaign {campaign_id} were changed meanwhile")

    def _deleted(self, campaign_id: int) -> Campaign | None:
        """The campaign without any settings, as its last version, if it was deleted: whoever stands at a qualified value may
        have stood there before."""
        item = self._table.find(*key_of_campaign(campaign_id))
        if item is None or "document" in item or "version" not in item:
            return None
        return campaign_of({"campaign_id": campaign_id}, int(from_item(item)["version"]))

    def versions(self, campaign_id: int) -> Sequence[SavedVersion]:
        rows = self._table.query(
            "pk = :campaign AND begins_with(sk, :version)",
            {":campaign": f"CAMPAIGN#{campaign_id}", ":version": "VERSION#"},
            ScanIndexForward=False,
        )
        return [
            SavedVersion(row["version"], float(row["saved_at"]), row["saved_by"], json.loads(row["document"]))
            for row in map(from_item, rows)
        ]

    def set_activation_mark(self, campaign_id: int, highest_user_id: int) -> None:
        self._table.update(
            ALL,
            _sort_key(campaign_id),
            "SET known_up_to = :mark",
            "attribute_not_exists(known_up_to) AND attribute_exists(#document)",
            {":mark": highest_user_id},
        )

    def counted(self, campaign_id: int, version: int) -> None:
        self._table.update(
            ALL,
            _sort_key(campaign_id),
            "SET uncounted = :none",
            "version = :version AND attribute_exists(#document)",
            {":none": "[]", ":version": version},
        )

    def watch_departures(self, campaign_id: int, at: float) -> None:
        values = {":yes": True, ":at": float(at)}
        marked = "SET watches_departures = :yes, departures_at = :at"
        self._table.update(ALL, _sort_key(campaign_id), marked, "attribute_exists(#document)", values)

    def end_watch(self, campaign_id: int, marked_at: float) -> None:
        unchanged = "departures_at = :at" if marked_at else "attribute_not_exists(departures_at)"
        values = {":at": float(marked_at)} if marked_at else {}
        self._table.update(ALL, _sort_key(campaign_id), "REMOVE watches_departures, departures_at", unchanged, values)

    def note_unknown(self, campaign_id: int, at: float, most: int) -> bool:
        """See ``Campaigns.note_unknown``. The times of the last ``most`` are kept."""
        for _ in range(NOTE_ATTEMPTS):
            item = self._table.find(*key_of_campaign(campaign_id))
            if item is None or "document" not in item:
                return False
            before = from_item(item)
            times = sorted([*json.loads(before.get("unknown_signups", "[]")), at])[-most:]
            until = times[0] + UNKNOWN_WITHIN if len(times) == most else 0.0
            unchanged = "unknown_signups = :before" if "unknown_signups" in before else "attribute_not_exists(unknown_signups)"
            values = {":times": json_text(times), ":until": until}
            values |= {":before": before["unknown_signups"]} if "unknown_signups" in before else {}
            expression = "SET unknown_signups = :times, creates_wait_until = :until"
            written, _ = self._table.update(ALL, _sort_key(campaign_id), expression, unchanged, values)
            if written is not None:
                return until > at >= float(before.get("creates_wait_until", 0.0))
        return False

    def note_problems(self, campaign_id: int, about: str, problems: Sequence[str]) -> None:
        self._change(campaign_id, f"SET {PROBLEMS}{about} = :value", json_text(list(problems)))

    def _change(self, campaign_id: int, expression: str, value: str | bool) -> None:
        self._table.update(ALL, _sort_key(campaign_id), expression, "attribute_exists(#document)", {":value": value})

    def _write_both(self, update: Mapping[str, Any], put: Mapping[str, Any], write_id: str, campaign_id: int) -> None:
        try:
            with transient_errors():
                self._table.client.transact_write_items(
                    TransactItems=[{"Update": update}, {"Put": put}], ClientRequestToken=write_id
                )
        except ClientError as error:
            if code_of(error) != "TransactionCanceledException" or "ConditionalCheckFailed" not in cancellation_codes(error):
                raise
            item = self._table.find(*key_of_campaign(campaign_id)) or {}
            if item.get("write_id") != attribute_of(write_id):  # else it is our own write, sent again by the SDK
                raise ConflictError(f"the settings of campaign {campaign_id} were changed meanwhile") from None


def _changed(after: Campaign, before: Campaign | None) -> Sequence[str]:
    """The parts with a noted problem whose settings are others now: whether it is still there shows again."""
    noted = before.noted_problems if before else {}
    sections = {about: SECTIONS.get(about, about) for about in noted}
    return [about for about in noted if before and before.document.get(sections[about]) != after.document.get(sections[about])]


def key_of_campaign(campaign_id: int) -> tuple[str, str]:
    """Of its newest settings."""
    return ALL, _sort_key(campaign_id)


def _sort_key(campaign_id: int) -> str:
    return f"{campaign_id:012d}"


def _campaign(item: Item) -> Campaign:
    values = from_item(item)
    problems = {
        name.removeprefix(PROBLEMS): tuple(json.loads(texts)) for name, texts in values.items() if name.startswith(PROBLEMS)
    }
    return campaign_of(
        json.loads(values["document"]),
        values["version"],
        activation_mark=values.get("known_up_to"),
        watches_departures=values.get("watches_departures", False),
        noted_problems=problems,
        rule_since=json.loads(values.get("rule_since", "{}")),
        uncounted=tuple(json.loads(values.get("uncounted", "[]"))),
        creates_wait_until=float(values.get("creates_wait_until", 0.0)),
        departures_at=float(values.get("departures_at", 0.0)),
        saved_at=float(values.get("saved_at", 0.0)),
    )
