"""Intercom's two kinds of list: segments, whose members follow rules, and tags, which are put on by hand.

https://developers.intercom.com/docs/references/rest-api/api.intercom.io/segments and …/tags
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.vendors.intercom.contacts.query import compile_query
from sandbox.vendors.intercom.errors import invalid, resource_not_found
from sandbox.vendors.intercom.webhooks import Notifier
from sandbox.vendors.intercom.workspace import Contact, Segment, Tag, Workspace


def list_segments(workspace: Workspace, *, include_count: bool) -> list[dict[str, Any]]:
    """Counts are of what search sees."""
    workspace.index.catch_up(workspace.now())
    documents = []
    for segment in workspace.segments.values():
        document = segment_document(segment)
        if include_count:
            is_member = compile_query(workspace, segment.query)
            document["count"] = sum(1 for contact in workspace.index.visible.values() if is_member(contact))
        documents.append(document)
    return documents


def segments_of(workspace: Workspace, contact: Contact) -> list[Segment]:
    """The segments that search finds the contact in."""
    workspace.index.catch_up(workspace.now())
    seen = workspace.index.visible.get(contact.id)
    if seen is None:
        return []
    return [segment for segment in workspace.segments.values() if compile_query(workspace, segment.query)(seen)]


def add_segment(workspace: Workspace, name: str, person_type: str, query: Mapping[str, Any]) -> Segment:
    """``query`` is a search query. Raises ApiError 400 when it is none."""
    compile_query(workspace, query)
    segment = Segment(workspace.new_id(), name, person_type, query, workspace.now())
    workspace.segments[segment.id] = segment
    return segment


def segment_document(segment: Segment) -> dict[str, Any]:
    return {
        "type": "segment",
        "id": segment.id,
        "name": segment.name,
        "created_at": int(segment.created_at),
        "updated_at": int(segment.created_at),
        "person_type": segment.person_type,
    }


def find_tag(workspace: Workspace, tag_id: object) -> Tag:
    """Raises ApiError 404."""
    tag = workspace.tags.get(tag_id) if isinstance(tag_id, str) else None
    if tag is None:
        raise resource_not_found()
    return tag


def save_tag(workspace: Workspace, body: Mapping[str, Any]) -> Tag:
    """Create a tag or rename one; names are case-insensitive, so an existing one is answered. Raises ApiError."""
    name = body.get("name")
    if not isinstance(name, str) or not name.strip() or set(body) - {"name", "id"}:
        raise invalid("invalid tag parameters")
    if body.get("id") is not None:
        tag = replace(find_tag(workspace, body["id"]), name=name)
    else:
        same = [tag for tag in workspace.tags.values() if tag.name.casefold() == name.casefold()]
        tag = same[0] if same else Tag(str(workspace.new_number()), name)
    workspace.tags[tag.id] = tag
    return tag


def remove_tag(workspace: Workspace, tag_id: str) -> None:
    """Take a tag off everyone. Raises ApiError 404."""
    tag = find_tag(workspace, tag_id)
    for contact in list(workspace.contacts.values()):
        if tag.id in contact.tags and contact.condition == "live":
            workspace.save(_without_tag(contact, tag.id))
    del workspace.tags[tag.id]


class Tagging:
    """Puts tags on contacts and takes them off; ``updated_at`` stays as it was."""

    def __init__(self, workspace: Workspace, notifier: Notifier) -> None:
        self._workspace = workspace
        self._notifier = notifier

    def attach(self, contact: Contact, tag_id: object, *, by_api: bool = True) -> dict[str, Any]:
        """Raises ApiError 404."""
        tag = find_tag(self._workspace, tag_id)
        if tag.id not in contact.tags:
            tags = {**contact.tags, tag.id: int(self._workspace.now())}
            contact = self._workspace.save(replace(contact, tags=tags))
            self._notifier.tag_changed(contact, tag, "created", by_api=by_api)
        return self._applied_document(contact, tag)

    def detach(self, contact: Contact, tag_id: object, *, by_api: bool = True) -> dict[str, Any]:
        """Raises ApiError 404, also when the contact does not have the tag."""
        tag = find_tag(self._workspace, tag_id)
        if tag.id not in contact.tags:
            raise resource_not_found()
        document = self._applied_document(contact, tag)
        contact = self._workspace.save(_without_tag(contact, tag.id))
        self._notifier.tag_changed(contact, tag, "deleted", by_api=by_api)
        return document

    def _applied_document(self, contact: Contact, tag: Tag) -> dict[str, Any]:
        admin = {"type": "admin", "id": self._workspace.settings.admin_id}
        return {**tag_document(tag), "applied_at": contact.tags[tag.id], "applied_by": admin}


def tag_document(tag: Tag) -> dict[str, Any]:
    return {"type": "tag", "id": tag.id, "name": tag.name}


def _without_tag(contact: Contact, tag_id: str) -> Contact:
    return replace(contact, tags={one: at for one, at in contact.tags.items() if one != tag_id})
