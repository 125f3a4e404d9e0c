"""The demo's second chapter: a referral qualifies in Intercom, and the person who referred sees what it earned."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.demo.outside import Outside, StoryError
from sandbox.demo.people import INVITED, REFERRING

REFERRED = 4
"""People whom Rita has brought by then: Ivo, Ada, Wim and Dora."""
REWARD = "20 for inviting a friend"
EVENT = "referral_reward_issued"
COALESCED_SECONDS = 90.0
"""Counts and rewards of one person are written together, half a minute apart; the sweep comes each minute."""


class Earning:
    """Its steps, in order."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self.steps: list[tuple[str, Callable[[], None]]] = [
            ("Rita's contact shows how many friends she brought", self.see_referral_count),
            ("A colleague sets Ivo's referral_status to Connected: his referral qualifies in Referral Factory", self.qualify),
            ("Rita's contact shows that one of them converted", self.see_converted_count),
            ("Rita has her reward: an event and three attributes on her contact", self.see_reward),
        ]

    def see_referral_count(self) -> None:
        self._outside.expect(REFERRING["email"], {"custom_attributes.referral_count": REFERRED}, COALESCED_SECONDS)

    def qualify(self) -> None:
        """The attribute changes in Intercom as a person changes it; Referral Factory is asked what it made of that."""
        [contact] = self._outside.find_contacts(INVITED["email"])
        change = {"custom_attributes": {"referral_status": "Connected"}}
        self._outside.intercom("PUT", f"/contacts/{contact['id']}", change)
        self._outside.wait_for(
            "Ivo is qualified in Referral Factory",
            lambda: self._outside.find_person(INVITED["email"])["qualified_at"] is not None,
        )

    def see_converted_count(self) -> None:
        counts = {"custom_attributes.referral_count": REFERRED, "custom_attributes.converted_referral_count": 1}
        self._outside.expect(REFERRING["email"], counts, COALESCED_SECONDS)

    def see_reward(self) -> None:
        shown = {
            "custom_attributes.last_reward": REWARD,
            "custom_attributes.rewards_total": 20,
            "custom_attributes.reward_status": "Issued",
        }
        self._outside.expect(REFERRING["email"], shown, COALESCED_SECONDS)
        # Written after the attributes, and each in a second of its own: seen a moment later, or with the next sweep.
        self._outside.wait_for("Rita's contact has an event of a reward", lambda: bool(self._reported()), COALESCED_SECONDS)
        reported = self._reported()
        if reported != [REWARD]:
            raise StoryError(f"Rita's events of rewards are {reported}")

    def _reported(self) -> list[str | None]:
        [contact] = self._outside.find_contacts(REFERRING["email"])
        listed = self._outside.intercom("GET", "/events", type="user", intercom_user_id=contact["id"])
        return [event["metadata"].get("reward") for event in listed["events"] if event["event_name"] == EVENT]
