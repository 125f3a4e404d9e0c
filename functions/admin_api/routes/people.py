"""The routes of a person's rights: all that is stored about them, and erasing it."""

from __future__ import annotations

from functions.admin_api.http.access import author_of
from functions.admin_api.http.openapi import operation
from functions.admin_api.http.router import Route
from shared.adapters.admin import referral_answers as answers
from shared.adapters.admin.requests import PersonByEmail, read_form
from shared.domain.person import fold_email
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer
from shared.use_cases.operations.erase_person import erase_person, export_person

LATER = "The list is too long to do it at once: it is done within minutes. From now on nothing brings the person back."


def post_export(environment: Environment, request: HttpRequest) -> HttpAnswer:
    form = read_form(PersonByEmail, request.body)
    rows = export_person(environment, author_of(request.claims), form.email)
    return json_answer(200, answers.ExportedPerson(email=fold_email(form.email), rows=rows))


def post_erase(environment: Environment, request: HttpRequest) -> HttpAnswer:
    form = read_form(PersonByEmail, request.body)
    rows = erase_person(environment, author_of(request.claims), form.email)
    done = "Nothing was stored about this address. It is kept out from now on." if rows == 0 else "The person is erased."
    return json_answer(200, answers.ErasedPerson(rows=rows, message=LATER if rows is None else done))


ROUTES = (
    Route(
        "POST",
        "/api/people/export",
        post_export,
        operation(
            "All that is stored about an e-mail address",
            answers.ExportedPerson,
            body=PersonByEmail,
            problems=(400,),
            form=True,
            description="In the body, so that no log and no history holds the address.",
        ),
    ),
    Route(
        "POST",
        "/api/people/erase",
        post_erase,
        operation(
            "Erase a person by e-mail address; it cannot be undone",
            answers.ErasedPerson,
            body=PersonByEmail,
            problems=(400,),
            form=True,
            description="The contact in Intercom and the user in Referral Factory are not deleted. Safe to press twice.",
        ),
    ),
)
