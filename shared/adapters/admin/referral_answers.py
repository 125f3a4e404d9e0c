"""What the admin API answers about referrals, their stories and the quarantine. Times are seconds since 1970."""

from __future__ import annotations

from typing import Any

from shared.adapters.admin.answers import Answer, Scalar
from shared.domain.person import Audience
from shared.domain.qualification.qualification import Stage
from shared.domain.signup.state import Replay, State


class ReferralAnswer(Answer):
    campaign_id: int
    user_id: int
    first_name: str | None
    email: str | None
    referrer_first_name: str | None
    referrer_email: str | None
    audience: Audience
    state: State
    qualified: bool
    reason: str
    what_to_do: str
    possibly_doubled: bool
    unverified: bool
    refusals: dict[str, str]
    dealt_with: bool
    needs_attention: bool
    origin: str
    accepted_at: float
    delivered_at: float | None
    due_at: float | None
    attempts: int
    contact_id: str | None
    contact_url: str | None
    in_another_workspace: bool


class ExportedPerson(Answer):
    """`rows` as they are stored."""

    email: str
    rows: list[dict[str, Any]]


class ErasedPerson(Answer):
    """`rows` were deleted or emptied; null: the list is long, and it is done within minutes."""

    rows: int | None
    message: str


class ReferralPage(Answer):
    """Newest first. A page may be short, even empty, and still have a `cursor`: then there may be more."""

    items: list[ReferralAnswer]
    cursor: str | None


class ReferralCounts(Answer):
    """Of the campaign and the times; each at most `most`, and then there may be more."""

    attention: int
    waiting: int
    done: int
    quiet: int
    closed: int
    most: int


class StoryLine(Answer):
    """`what` is the event's name, `sentence` the same in plain words, `detail` for example the vendor's answer."""

    at: float
    what: str
    sentence: str
    detail: str


class DroppedAnswer(Answer):
    attribute: str
    reason: str


class CallAnswer(Answer):
    """One call to a vendor. `status` null: no answer came; `sent` and `answer` as they were, cut where they are long."""

    at: float
    host: str
    method: str
    path: str
    sent: str
    status: int | None
    milliseconds: int
    request_id: str
    answer: str


class QualificationAnswer(Answer):
    """`stands` in plain words; `qualified` is what Referral Factory holds, null while nobody knows. `value`: of the tracked
    attribute."""

    stage: Stage
    stands: str
    qualified: bool | None
    value: Scalar
    by_hand: bool
    due_at: float | None
    confirmed_at: float | None
    reason: str


class ReferrerAnswer(Answer):
    """What this person's contact holds because they refer. `due_at` not null: it is brought up to date then."""

    written: dict[str, Scalar]
    contact_id: str | None
    updated_at: float | None
    due_at: float | None
    note: str


class StoryAnswer(Answer):
    """One referral with its whole story, oldest first. `overwritten`: what the contact held before, as long as it can be put
    back. `qualification` null: nothing that counts was seen of the contact.
    `referrer` null: this person has not referred anybody yet."""

    referral: ReferralAnswer
    person: dict[str, Any]
    written: dict[str, Scalar]
    overwritten: dict[str, Scalar]
    dropped: list[DroppedAnswer]
    notes: list[str]
    settings_version: int | None
    story: list[StoryLine]
    calls: list[CallAnswer]
    qualification: QualificationAnswer | None
    referrer: ReferrerAnswer | None


class ReplayAnswer(Answer):
    result: Replay
    message: str


class PutBackAnswer(Answer):
    """`restored`: the attributes that hold again what they held; `kept`: those that somebody changed since."""

    restored: list[str]
    kept: list[str]
    message: str


class ReplaysAnswer(Answer):
    """`cursor` not null: send it to go on."""

    replayed: int
    already_waiting: int
    cursor: str | None


class CloseAnswer(Answer):
    """`closed` false: nothing of it was open."""

    closed: bool
    message: str


class ClosesAnswer(Answer):
    """`cursor` not null: send it to go on."""

    closed: int
    cursor: str | None


class QuarantinedAnswer(Answer):
    id: str
    campaign_id: str
    event: str
    reason: str
    received_at: float
    size: int


class QuarantinePage(Answer):
    items: list[QuarantinedAnswer]
    cursor: str | None


class QuarantinedBody(Answer):
    """`text`: the body, as far as it is text."""

    quarantined: QuarantinedAnswer
    content_type: str
    text: str


class Done(Answer):
    message: str
