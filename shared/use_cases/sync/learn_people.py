"""What Referral Factory reported about its people, for the sync: no vendor is asked here."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.person import Person, fold_email
from shared.domain.sync.member import SyncMember
from shared.errors import ConflictError, TransientError
from shared.ports.sync import SyncMembers

LEARN_ATTEMPTS = 5


def learn_people(members: SyncMembers, campaign_id: int, people: Sequence[Person]) -> None:
    """Remembers what Referral Factory reports about its people, if it is new."""
    by_email = {fold_email(person.email or ""): person for person in people}
    stored = members.find_all([(campaign_id, email) for email in by_email])
    for email, person in by_email.items():
        before = stored.get((campaign_id, email)) or SyncMember(campaign_id, email)
        after = before.knowing(person)
        if after == before:
            continue
        try:
            members.save(after)
        except ConflictError:  # a worker of an earlier run was faster; the next run learns it
            continue


def teach_member(members: SyncMembers, campaign_id: int, person: Person) -> None:
    """Somebody else asked Referral Factory about a person: a sync that read their counts earlier must not write those over
    the newer ones. Before the newer ones are written. Raises TransientError."""
    for _ in range(LEARN_ATTEMPTS):
        before = members.find(campaign_id, person.email) if person.email else None
        if before is None or before.user_id != person.user_id:
            return
        after = before.knowing(person)
        if after == before:
            return
        try:
            members.save(after)
        except ConflictError:
            continue
        return
    raise TransientError("the member of the sync changes too often", vendor="aws")
