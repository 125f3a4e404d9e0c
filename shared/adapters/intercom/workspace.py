"""What settings are chosen from: attributes, segments and tags. https://developers.intercom.com/docs/references/rest-api"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shared.adapters.http.transport import HttpResponse
from shared.adapters.intercom.client import NO_EVENT, NOBODY, IntercomClient
from shared.adapters.intercom.errors import INTERCOM, permission_of, read_refusal
from shared.adapters.intercom.schemas import AttributeBody, document_of
from shared.domain.contact import Attribute
from shared.domain.timing import INTERCOM_TIMEOUT
from shared.errors import RejectedError, UnavailableError
from shared.ports.connection import ContactList, Workspace

NEEDED: tuple[tuple[str, str, Mapping[str, Any] | None], ...] = (
    ("GET", "/data_attributes?model=contact", None),
    ("POST", "/contacts/search", NOBODY),
    ("GET", "/segments", None),
    ("GET", "/tags", None),
    ("POST", "/events", NO_EVENT),
    ("PUT", f"/contacts/{'0' * 24}", {}),
)
"""Calls that change nothing, one for each permission that we need."""
PERMISSIONS_OF_CALLS = {("PUT", f"/contacts/{'0' * 24}"): "Write users and companies"}
_REASONS: tuple[tuple[str, str], ...] = (
    ("You already have", "There is such an attribute already, perhaps archived in Intercom. Choose it, or take another name."),
    ("standard attributes", "Intercom has a standard attribute of that name. Take another name."),
    ("alphanumeric", "Intercom takes letters, digits, spaces, hyphens, underscores and currency signs in a name."),
    ("Data Type", "Intercom does not know that type."),
    ("at least two options", "A list needs at least two options."),
    ("limit of", "The workspace has as many attributes as Intercom allows (250). Archive one in Intercom first."),
)
"""What the 400s of ``POST /data_attributes`` say, and the same in plain words."""


class IntercomWorkspace(IntercomClient, Workspace):
    def create_attribute(self, name: str, data_type: str, options: Sequence[str] = ()) -> Attribute:
        """See ``Workspace.create_attribute``. Sent once: after a lost answer a refresh shows whether it is there."""
        body: dict[str, Any] = {"name": name, "model": "contact", "data_type": data_type}
        if data_type == "options":
            body["options"] = [{"value": option} for option in options]
        response = self._exchange("POST", "/data_attributes", body, 20.0)
        if response.status in (400, 422):
            raise _refused(response)
        document = document_of(self._checked(response, "/data_attributes"))
        self._attributes = None
        try:
            return AttributeBody.model_validate(document).attribute()
        except ValueError:
            raise UnavailableError("Intercom: its answer is no attribute", vendor=INTERCOM, status=response.status) from None

    def segments(self) -> Sequence[ContactList]:
        """See ``Workspace.segments``. Counts are Intercom's own."""
        return _lists(document_of(self._call("GET", "/segments?include_count=true")).get("segments"))

    def tags(self) -> Sequence[ContactList]:
        """See ``Workspace.tags``. Intercom tells no counts of tags."""
        return _lists(document_of(self._call("GET", "/tags")).get("data"))

    def missing_permissions(self) -> Sequence[str]:
        """See ``Workspace.missing_permissions``. Calls that change nothing: the writing ones name nothing to write. A 401 means
        the same as a 403, for the token itself was taken before."""
        missing: dict[str, None] = {}
        for method, path, body in NEEDED:
            response = self._exchange(method, path, body, INTERCOM_TIMEOUT)
            if response.status in (401, 403):
                missing[PERMISSIONS_OF_CALLS.get((method, path)) or permission_of(path)] = None
        return list(missing)


def _refused(response: HttpResponse) -> RejectedError:
    said = read_refusal(response)
    reason = next((ours for theirs, ours in _REASONS if theirs in said.message), "Intercom does not take this attribute.")
    return RejectedError(reason, vendor=INTERCOM, status=response.status, code=said.code or None, request_id=said.request_id)


def _lists(entries: Any) -> Sequence[ContactList]:
    if not isinstance(entries, list):
        raise UnavailableError("Intercom: its answer is no list", vendor=INTERCOM, status=200)
    return [_list(entry) for entry in entries if isinstance(entry, Mapping) and entry.get("id") and entry.get("name")]


def _list(entry: Mapping[str, Any]) -> ContactList:
    count, person_type = entry.get("count"), entry.get("person_type")
    kind = {"contact": "lead", "user": "user"}.get(person_type) if isinstance(person_type, str) else None
    return ContactList(
        str(entry["id"]),
        str(entry["name"])[:500],
        count if isinstance(count, int) and not isinstance(count, bool) else None,
        kind,
    )
