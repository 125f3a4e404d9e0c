"""What a fresh workspace holds. All people are invented."""

from __future__ import annotations

from typing import Any

from sandbox.vendors.intercom.attributes import create_attribute
from sandbox.vendors.intercom.contacts.fields import read_fields
from sandbox.vendors.intercom.lists import add_segment, save_tag
from sandbox.vendors.intercom.workspace import Contact, Workspace

DAY = 24 * 3600

ATTRIBUTES: tuple[tuple[str, str], ...] = (
    ("referral_link", "string"),
    ("referral_code", "string"),
    ("referrer_first_name", "string"),
    ("referrer_email", "string"),
    ("referral_campaign", "string"),
    ("lead_source", "string"),
    ("referral_status", "options"),
    ("referral_count", "integer"),
    ("converted_referral_count", "integer"),
    ("last_reward", "string"),
    ("rewards_total", "float"),
    ("reward_status", "string"),
    ("signed_up_on", "date"),
    ("is_vip", "boolean"),
)
REFERRAL_STATUSES = ("New", "Connected", "Lost")

PEOPLE: tuple[dict[str, Any], ...] = (
    {"role": "user", "email": "ada.stone@example.com", "name": "Ada Stone", "external_id": "1001", "tags": ["Newsletter"]},
    {
        "role": "user",
        "email": "bela.brook@example.com",
        "name": "Bela Brook",
        "external_id": "1002",
        "custom_attributes": {"converted_referral_count": 3, "referral_count": 5, "is_vip": True},
        "tags": ["Newsletter", "Partners"],
    },
    {"role": "user", "email": "chidi.field@example.com", "name": "Chidi Field", "tags": ["Partners"]},
    {"role": "lead", "email": "dora.hill@example.com", "name": "Dora Hill", "custom_attributes": {"lead_source": "website"}},
    {"role": "lead", "email": "emil.wood@example.com", "name": "Emil Wood", "tags": ["Newsletter"]},
    {"role": "lead", "name": "Visitor without e-mail"},
)


def seed(workspace: Workspace) -> None:
    """Attributes always; people, segments and tags as the settings say. No webhooks; search sees all at once."""
    for name, data_type in ATTRIBUTES:
        options = [{"value": value} for value in REFERRAL_STATUSES] if data_type == "options" else None
        create_attribute(workspace, {"name": name, "model": "contact", "data_type": data_type, "options": options})
    if workspace.settings.seed:
        tags = {name: save_tag(workspace, {"name": name}).id for name in ("Newsletter", "Partners")}
        _add_segments(workspace)
        for number, person in enumerate(PEOPLE):
            fields = {name: value for name, value in person.items() if name != "tags"}
            age = (len(PEOPLE) - number) * 10 * DAY
            add_contact(workspace, fields, age=age, tags=[tags[name] for name in person.get("tags", [])])
    for number in range(1, workspace.settings.seed_contacts + 1):
        fields = {
            "role": "lead" if number % 3 == 0 else "user",
            "email": f"person-{number}@example.com",
            "name": f"Person {number}",
        }
        add_contact(workspace, fields, age=DAY + workspace.settings.seed_contacts - number)


def add_contact(workspace: Workspace, fields: dict[str, Any], *, age: float = 0.0, tags: list[str] | None = None) -> Contact:
    """A contact that has been there for ``age`` seconds and that search sees. Raises ApiError 400 for wrong fields."""
    then = workspace.now() - age
    read = read_fields(workspace, fields, fields["role"])
    if fields["role"] == "lead":
        read["external_id"] = workspace.new_uuid()
    contact = Contact(
        id=workspace.new_id(),
        number=workspace.new_number(),
        created_at=then,
        updated_at=then,
        tags=dict.fromkeys(tags or [], int(then)),
        **read,
    )
    return workspace.save(contact, visible_at_once=True)


def _add_segments(workspace: Workspace) -> None:
    is_user = {"field": "role", "operator": "=", "value": "user"}
    add_segment(workspace, "All users", "user", is_user)
    add_segment(workspace, "All leads", "contact", {"field": "role", "operator": "=", "value": "lead"})
    has_converted = {"field": "custom_attributes.converted_referral_count", "operator": ">=", "value": 1}
    add_segment(workspace, "Champions", "user", {"operator": "AND", "value": [is_user, has_converted]})
