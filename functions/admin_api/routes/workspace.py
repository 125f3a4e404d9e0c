"""The routes of what settings are chosen from: attributes, segments, tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from functions.admin_api.http.access import author_of
from functions.admin_api.http.openapi import operation, query_parameter
from functions.admin_api.http.reading import flag_in_query
from functions.admin_api.http.router import Route
from shared.adapters.admin import requests
from shared.adapters.admin import workspace_answers as answers
from shared.adapters.admin.requests import read_form
from shared.domain.campaign.attribute_check import takes
from shared.domain.contact import CUSTOM, Attribute
from shared.domain.mapping import unreadable, unusable
from shared.ports.connection import ContactList
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer
from shared.use_cases.connection.create_attribute import create_attribute

REFRESH = query_parameter("refresh", {"type": "boolean", "default": False}, "Ask Intercom now instead of within 10 minutes.")
NOT_CONNECTED = (409, 422)


def get_attributes(environment: Environment, request: HttpRequest) -> HttpAnswer:
    refresh = flag_in_query(request, "refresh")
    workspace = environment.workspace()
    attributes = workspace.read_attributes() if refresh else workspace.attributes()
    rows = sorted(attributes.values(), key=lambda one: (one.name.startswith(CUSTOM), one.label.casefold(), one.name))
    return json_answer(200, answers.AttributeList(items=[_attribute(row, attributes) for row in rows]))


def post_attribute(environment: Environment, request: HttpRequest) -> HttpAnswer:
    form = read_form(requests.NewAttribute, request.body)
    made = create_attribute(environment, author_of(request.claims), form.name, form.data_type, form.options)
    return json_answer(201, _attribute(made, {made.name: made}))


def get_segments(environment: Environment, _: HttpRequest) -> HttpAnswer:
    return _lists(environment.workspace().segments())


def get_tags(environment: Environment, _: HttpRequest) -> HttpAnswer:
    return _lists(environment.workspace().tags())


def _attribute(attribute: Attribute, attributes: Mapping[str, Attribute]) -> answers.AttributeAnswer:
    why_not = unusable(attribute.name, attributes)
    return answers.AttributeAnswer(
        name=attribute.name,
        label=attribute.label,
        data_type="options" if attribute.options else attribute.data_type,
        takes=takes(attribute),
        options=list(attribute.options),
        custom=attribute.name.startswith(CUSTOM),
        archived=attribute.archived,
        messenger_writable=attribute.messenger_writable,
        can_be_read=unreadable(attribute.name) is None,
        can_be_written=why_not is None,
        why_not=f"{why_not}." if why_not else None,
    )


def _lists(found: Sequence[ContactList]) -> HttpAnswer:
    rows = [answers.ListAnswer(id=one.id, name=one.name, count=one.count, person_type=one.person_type) for one in found]
    return json_answer(200, answers.Lists(items=rows))


ROUTES = (
    Route(
        "GET",
        "/api/attributes",
        get_attributes,
        operation(
            "The workspace's contact attributes", answers.AttributeList, parameters=(REFRESH,), problems=(400, *NOT_CONNECTED)
        ),
    ),
    Route(
        "POST",
        "/api/attributes",
        post_attribute,
        operation(
            "Create an attribute in Intercom",
            answers.AttributeAnswer,
            body=requests.NewAttribute,
            created=True,
            problems=(400, 409),
            form=True,
        ),
    ),
    Route(
        "GET",
        "/api/segments",
        get_segments,
        operation("Segments (active lists) with their counts", answers.Lists, problems=NOT_CONNECTED),
    ),
    Route("GET", "/api/tags", get_tags, operation("Tags (static lists)", answers.Lists, problems=NOT_CONNECTED)),
)
