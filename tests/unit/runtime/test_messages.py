"""What goes through the queues: two versions understood, ASCII whatever a name holds."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import MalformedPayloadError
from shared.messages import (
    MESSAGE_VERSION,
    DeliverContact,
    Message,
    QualifyReferral,
    ReconcileCampaigns,
    UnknownVersionError,
    UpdateReferrer,
    body_of,
    message_of,
)

EVERYTHING = st.text(st.characters(codec=None, exclude_categories=()))
SIGNUP = DeliverContact(1, None, "joined", 1_795_305_600.5, {"first_name": "Zoë 🎉"}, id="a1")


@given(st.dictionaries(EVERYTHING, EVERYTHING, max_size=4))
def test_any_text_survives_the_queue_in_ascii(fields: dict[str, str]) -> None:
    message = DeliverContact(1, 2, "joined", 3.0, fields)
    body = body_of(message)

    assert body.isascii()
    assert not set(body) & {chr(code) for code in range(32)}
    assert message_of(body) == message


def test_lone_surrogates_and_nul_are_escaped() -> None:
    body = body_of(DeliverContact(1, 2, "joined", 3.0, {"name": "\ud83d\x00"}))
    assert r"\ud83d\u0000" in body


@pytest.mark.parametrize(
    "message",
    [
        SIGNUP,
        ReconcileCampaigns(5.0, full=True, until=305.0),
        QualifyReferral("contact.user.updated", 5.0, "abc", "a@example.com", values={"custom_attributes.x": "Yes"}, id="n1"),
        UpdateReferrer(1, 2, 5.0),
    ],
)
def test_a_message_is_read_as_it_was_written(message: Message) -> None:
    assert message_of(body_of(message)) == message


def test_the_next_version_is_understood_and_its_new_fields_are_ignored() -> None:
    document = {**json.loads(body_of(SIGNUP)), "version": MESSAGE_VERSION + 1, "colour": "new"}
    assert message_of(json.dumps(document)) == SIGNUP


@pytest.mark.parametrize("version", [0, MESSAGE_VERSION + 2, "1", None])
def test_another_version_stays_in_the_queue_until_the_code_is_replaced(version: object) -> None:
    document = {**json.loads(body_of(SIGNUP)), "version": version}
    with pytest.raises(UnknownVersionError):
        message_of(json.dumps(document))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '"x"',
        "\ud800",
        '{"kind": "Nothing", "version": 1}',
        '{"kind": "DeliverContact"}',
        '{"kind": "DeliverContact", "version": 1, "campaign_id": 1}',
        '{"kind": [], "version": 1}',
    ],
)
def test_what_we_never_wrote_is_refused(body: str) -> None:
    with pytest.raises(MalformedPayloadError):
        message_of(body)
