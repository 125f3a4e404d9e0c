"""What can happen to a referral: the word that its row keeps, and the sentence that people read."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Happened(StrEnum):
    sentence: str

    def __new__(cls, word: str, sentence: str) -> Self:
        one = str.__new__(cls, word)
        one._value_ = word
        one.sentence = sentence
        return one

    WEBHOOK_JOINED = "webhook joined", "Referral Factory reported that the person joined."
    WEBHOOK_QUALIFIED = "webhook qualified", "Referral Factory reported that the referral qualified."
    WEBHOOK_REWARDED = "webhook rewarded", "Referral Factory reported a reward."
    FOUND_BY_RECONCILE = "found by reconcile", "Found in Referral Factory's list: no webhook had reported it."
    FROM_SYNC = "from sync", "The sync added this person from a contact in Intercom."
    CREATED = "created", "A contact was created in Intercom."
    UPDATED = "updated", "The contact in Intercom was updated."
    UNCHANGED = "unchanged", "The contact in Intercom was already up to date."
    SKIPPED = "skipped", "The contact was in Intercom before and was left as it is."
    ERASED = "erased", "The contact was deleted in Intercom; it is not brought back."
    ARCHIVED = "archived", "The contact is archived in Intercom."
    TRIED = "tried", "An attempt to deliver failed; it will be tried again."
    WAITS = "waits", "The delivery has to wait."
    FAILED = "failed", "The delivery failed."
    DEALT_WITH = "dealt with", "Somebody marked it as dealt with."
    REPLAY = "replay", "Somebody asked for the delivery again."
    ATTRIBUTE_BACK = (
        "attribute back",
        "What was left out is sent again: Intercom has it now, or the settings were saved.",
    )
    MENDED = (
        "mended",
        "It is sent again: the settings were saved, or Intercom was connected again, or its permissions were checked.",
    )
    COUNTS_REFUSED = "counts refused", "Intercom did not take the counts or rewards for this person's contact."
    POSSIBLY_DOUBLED = "possibly doubled", "More than one new contact with this e-mail address is in Intercom."
    NO_LONGER_DOUBLED = "no longer doubled", "Only one new contact with this e-mail address is in Intercom any more."
    MERGING = "merging", "The lead is merged into the user with the same e-mail address."
    NOT_MERGED = "not merged", "Intercom did not merge the lead into the user with the same e-mail address."
    QUALIFIES = "qualifies", "The contact in Intercom reached what the campaign calls a successful referral."
    NO_LONGER_QUALIFIES = (
        "no longer qualifies",
        ("The contact in Intercom no longer has what the campaign calls a successful referral."),
    )
    COUNTS_ONCE = "counts once", "The contact reached a successful value, and another referral with the same contact counts."
    QUALIFIED = "qualified", "The referral is qualified in Referral Factory."
    UNQUALIFIED = "unqualified", "The qualification was taken back in Referral Factory."
    QUALIFICATION_FAILED = "qualification failed", "Referral Factory refused the qualification."
    FOLLOWED = (
        "followed",
        "The contact was deleted in Intercom; the other contact with the same e-mail address takes its place.",
    )
    MERGED = "merged", "The contact was merged into another one in Intercom."
    ARCHIVED_IN_INTERCOM = "archived in Intercom", "Somebody archived the contact in Intercom."
    UNARCHIVED_IN_INTERCOM = "unarchived in Intercom", "Somebody brought the contact back in Intercom."
    UNVERIFIED = "unverified", "An hour after the webhook, Referral Factory's own list did not hold this person."
    ASKS = "asks", "Referral Factory is asked whether it knows the signup, before a contact is written for it."
    ASKS_WHO = (
        "asks who",
        "Referral Factory is asked whether the person was invited or refers: the campaign treats them differently.",
    )
    UNKNOWN = "unknown", "Referral Factory was asked and does not know the signup: nothing was written."
    UNCONFIRMED = (
        "unconfirmed",
        "Referral Factory could not be asked whether it knows the signup; it was delivered all the same.",
    )
    PUT_BACK = "put back", "Somebody put back what the contact held before this signup was written to it."


def happened_of(word: str) -> Happened | None:
    """None: the word is newer than this version."""
    return next((one for one in Happened if one == word), None)
