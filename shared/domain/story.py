"""A referral's history in plain words, and what a person can do about its state."""

from __future__ import annotations

from shared.domain.referral import Event, Referral, State

_TOLD = {
    "webhook joined": "Referral Factory told that the person joined.",
    "webhook qualified": "Referral Factory told that the referral qualified.",
    "webhook rewarded": "Referral Factory told of a reward.",
    "found by reconcile": "Found in Referral Factory's list: no webhook had told of it.",
    "created": "A contact was created in Intercom.",
    "updated": "The contact in Intercom was updated.",
    "unchanged": "The contact in Intercom was right already.",
    "skipped": "The contact was in Intercom before and was left as it is.",
    "erased": "The contact was deleted in Intercom; it is not brought back.",
    "archived": "The contact is archived in Intercom.",
    "waits": "The delivery has to wait.",
    "failed": "The delivery failed.",
    "replay": "Somebody asked for the delivery again.",
    "possibly doubled": "More than one new contact with this e-mail address is in Intercom.",
    "unverified": "An hour after the webhook, Referral Factory's own list did not hold this person.",
}
_ADVICE = {
    State.PENDING: "Nothing: it goes on by itself.",
    State.HELD: "Make the campaign active: the signups that were held are delivered then.",
    State.DELIVERED: "Nothing.",
    State.PARTIAL: "Mend the attributes that were left out, in Intercom or in the campaign's mapping, then replay.",
    State.SKIPPED: "Nothing. If such contacts should be updated, change the campaign's duplicates and replay.",
    State.FAILED: "Mend what the reason names, then replay.",
    State.NOT_WANTED: "Nothing. If such people should be sent, choose an action for them and replay.",
    State.KNOWN: "Nothing. To deliver people who joined before, switch on the campaign's backfill.",
    State.ERASED: "Nothing: somebody deleted the contact on purpose. A new signup creates a new one.",
}


def sentence_of(event: Event) -> str:
    """What happened. A word that is newer than this page stays as it is."""
    return _TOLD.get(event.what, event.what)


def advice_for(row: Referral) -> str:
    """What to do, in plain words."""
    if row.possibly_doubled:
        return "Open the contacts in Intercom and merge them if they are the same person."
    if row.unverified:
        return "Look whether Referral Factory has the person. If not, somebody may have invented the signup: change the secret."
    return _ADVICE[row.state]
