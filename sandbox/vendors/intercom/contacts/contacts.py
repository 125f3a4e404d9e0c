"""The life of a contact: create, update, archive, unarchive, delete, merge, and who may be beside whom.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/contacts
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.vendors.intercom.contacts.fields import read_fields
from sandbox.vendors.intercom.errors import ApiError, contact_not_found, invalid, missing
from sandbox.vendors.intercom.webhooks import Notifier
from sandbox.vendors.intercom.workspace import Contact, Workspace

MAX_HOPS = 3
"""How far a merged contact's Link is followed."""


class Contacts:
    """Changes to contacts. ``by_api`` tells a REST call from a person at the pages: only webhooks differ."""

    def __init__(self, workspace: Workspace, notifier: Notifier) -> None:
        self._workspace = workspace
        self._notifier = notifier

    def find(self, contact_id: str) -> Contact:
        """Raises ApiError 404 for unknown, archived and deleted contacts, 410 with Link for merged ones."""
        contact = self._workspace.contacts.get(contact_id)
        if contact is not None and contact.condition == "merged":
            raise self._gone(contact)
        if contact is None or contact.condition != "live":
            raise contact_not_found()
        return contact

    def find_writable(self, contact_id: str) -> Contact:
        """Raises ApiError 404 also for merged contacts: 410 is documented for reads alone."""
        contact = self._workspace.contacts.get(contact_id)
        if contact is None or contact.condition != "live":
            raise contact_not_found()
        return contact

    def find_by_external_id(self, external_id: str) -> Contact:
        """Users only, not leads."""
        for contact in self._workspace.users_with(self._workspace.by_external_id, external_id):
            if contact.condition == "live":
                return contact
        raise contact_not_found()

    def create(self, body: Mapping[str, Any], *, by_api: bool = True) -> Contact:
        """Raises ApiError 400 or 409."""
        workspace = self._workspace
        if not any(body.get(name) for name in ("email", "external_id", "role")):
            raise missing("A contact needs one of email, external_id, role")
        role = str(body.get("role") or "user")
        fields = {"role": "user", **read_fields(workspace, body, role)}
        if role == "lead":
            fields["external_id"] = workspace.new_uuid()  # what the caller sent is ignored [R]
        now = workspace.now()
        contact = Contact(id=workspace.new_id(), number=workspace.new_number(), created_at=now, updated_at=now, **fields)
        self._refuse_collision(contact)
        contact = workspace.save(contact)
        self._notifier.contact_created(contact, by_api=by_api)
        return contact

    def update(self, contact_id: str, body: Mapping[str, Any], *, by_api: bool = True) -> Contact:
        """Only what was sent changes; a lead can become a user, never the other way. Raises ApiError 400, 404, 409."""
        before = self.find_writable(contact_id)
        role = body.get("role") or before.role
        if before.role == "user" and role == "lead":
            raise ApiError(400, "client_error", "Contact with user role can't be converted to a lead")
        # Only the API may refuse to clear a lead's attribute; a person can.
        fields = read_fields(self._workspace, body, str(role) if by_api else "user")
        if role == "lead":
            fields.pop("external_id", None)
        fields["custom_attributes"] = {**before.custom_attributes, **fields.get("custom_attributes", {})}
        contact = replace(before, **fields, updated_at=self._workspace.now())
        if contact.role == "user" and _changes_identity(before, contact):
            self._refuse_collision(contact)
        contact = self._workspace.save(contact)
        self._notifier.contact_updated(before, contact, by_api=by_api)
        return contact

    def archive(self, contact_id: str, *, by_api: bool = True) -> Contact:
        contact = self._end(self.find_writable(contact_id), "archived")
        self._notifier.contact_ended(contact, "contact.archived", by_api=by_api)
        return contact

    def delete(self, contact_id: str, *, by_api: bool = True) -> Contact:
        contact = self._end(self.find_writable(contact_id), "deleted")
        self._notifier.contact_ended(contact, "contact.deleted", by_api=by_api)
        return contact

    def unarchive(self, contact_id: str, *, by_api: bool = True) -> Contact:
        """Raises ApiError 400 for deleted and merged contacts, 404 for unknown ones, 409 if its place is taken."""
        before = self._workspace.contacts.get(contact_id)
        if before is None:
            raise contact_not_found()
        if before.condition == "deleted":
            message = "User has been marked for permanent deletion and is not restorable."
            raise ApiError(400, "bad_request", message)
        if before.condition == "merged":
            raise ApiError(400, "bad_request", "User has been merged and is not restorable.")
        if before.condition == "live":
            return before
        contact = replace(before, condition="live", ended_at=None, updated_at=self._workspace.now())
        if contact.role == "user":
            self._refuse_collision(contact)
        contact = self._workspace.save(contact)
        self._notifier.contact_changed(contact, "contact.unarchive", by_api=by_api)
        return contact

    def merge(self, body: Mapping[str, Any], *, by_api: bool = True) -> Contact:
        """A lead into a user: the user keeps its values and gains what it lacks. Raises ApiError 400, 404."""
        if not isinstance(body.get("from"), str) or not isinstance(body.get("into"), str):
            raise missing("from and into must be given")
        lead, user = self.find_writable(body["from"]), self.find_writable(body["into"])
        if lead.role != "lead" or user.role != "user":
            raise ApiError(400, "invalid_merge", "Only a lead can be merged, and only into a user")
        is_same = (lead.email and lead.folded_email == user.folded_email) or (lead.phone and lead.phone == user.phone)
        if not is_same and body.get("skip_duplicate_validation") is not True:
            raise ApiError(
                400,
                "invalid_merge",
                "Contacts can only be merged when they are duplicates (matching email or phone). "
                "Pass skip_duplicate_validation=true to override this check.",
            )
        self._workspace.save(replace(lead, condition="merged", merged_into=user.id, ended_at=self._workspace.now()))
        gained = {name: getattr(user, name) or getattr(lead, name) for name in ("email", "phone", "name", "avatar")}
        custom = {**lead.custom_attributes}
        custom.update({name: value for name, value in user.custom_attributes.items() if value is not None})
        merged = self._workspace.save(
            replace(
                user,
                **gained,
                custom_attributes=custom,
                tags={**lead.tags, **user.tags},
                updated_at=self._workspace.now(),
            )
        )
        self._notifier.contact_merged(lead, merged, by_api=by_api)
        return merged

    def _end(self, contact: Contact, condition: str) -> Contact:
        now = self._workspace.now()
        return self._workspace.save(replace(contact, condition=condition, ended_at=now, updated_at=now))

    def _gone(self, contact: Contact) -> ApiError:
        canonical = contact
        for _ in range(MAX_HOPS):
            if canonical.condition != "merged" or canonical.merged_into is None:
                break
            canonical = self._workspace.contacts[canonical.merged_into]
        if canonical.condition != "live":
            return contact_not_found()
        return ApiError(
            410,
            "contact_merged",
            "This contact has been merged. See the 'Link' header for the canonical contact.",
            headers={"Link": f'</contacts/{canonical.id}>; rel="canonical"'},
        )

    def _refuse_collision(self, contact: Contact) -> None:
        """Raises ApiError 409 with one of Intercom's two wordings when a user takes the same place; leads take none."""
        if contact.role != "user":
            return
        workspace = self._workspace
        rivals = [*workspace.users_with(workspace.by_external_id, contact.external_id)]
        for rival in workspace.users_with(workspace.by_email, contact.folded_email):
            is_other = contact.external_id and rival.external_id != contact.external_id
            if not (is_other and workspace.settings.same_email_other_external_id == "accept"):
                rivals.append(rival)
        rivals = [rival for rival in rivals if rival.id != contact.id]
        rivals.sort(key=lambda rival: rival.condition != "live")
        if rivals:
            what = "A" if rivals[0].condition == "live" else "An archived"
            message = f"{what} contact matching those details already exists with id={rivals[0].id}"
            raise ApiError(409, "conflict", message)


def _changes_identity(before: Contact, after: Contact) -> bool:
    return before.role != after.role or before.folded_email != after.folded_email or before.external_id != after.external_id


def read_body(body: object) -> dict[str, Any]:
    """Raises ApiError 400 when the body is no object."""
    if not isinstance(body, dict):
        raise invalid("The body must be a JSON object")
    return body
