"""What the admin API answers about what there is in Intercom to choose from, and the preview. Times are seconds since 1970."""

from __future__ import annotations

from shared.adapters.admin.answers import Answer, Scalar
from shared.domain.contact import Role


class AttributeAnswer(Answer):
    """`why_not` says why a mapping cannot write to it; null when it can. `takes` is its type in plain words.
    `can_be_read`: it can be tracked, or sent by a sync.
    `messenger_writable`: a website's visitor can set it through Intercom's Messenger."""

    name: str
    label: str
    data_type: str
    takes: str
    options: list[str]
    custom: bool
    archived: bool
    messenger_writable: bool
    can_be_read: bool
    can_be_written: bool
    why_not: str | None


class AttributeList(Answer):
    items: list[AttributeAnswer]


class ListAnswer(Answer):
    """A segment or a tag. `count` null: Intercom does not tell."""

    id: str
    name: str
    count: int | None
    person_type: str | None


class Lists(Answer):
    items: list[ListAnswer]


class FieldAnswer(Answer):
    """One attribute. `reason`: why it is not sent; `joined`: several fields, with a space between; `dropped`: Intercom would
    not take the value; `before`: what the contact has now."""

    attribute: str
    value: Scalar
    sources: list[str]
    joined: bool
    only_on_create: bool
    sent: bool
    reason: str
    dropped: bool
    before: Scalar


class PreviewAnswer(Answer):
    """`role` null: nothing is sent. `checked` false: Intercom did not answer, so nobody knows what it would take."""

    outcome: str
    role: Role | None
    contact_id: str | None
    checked: bool
    fields: list[FieldAnswer]


class TrialPerson(Answer):
    user_id: int
    email: str
    began_at: float
    begun_by: str


class TrialAnswer(Answer):
    """`trial` null: nobody is there."""

    trial: TrialPerson | None


class TakenBack(Answer):
    contact_deleted: bool
    message: str
