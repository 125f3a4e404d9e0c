"""The routes of the connection: read it, connect, disconnect, rotate, lift."""

from __future__ import annotations

from dataclasses import asdict

from functions.admin_api.http.access import actor_of, author_of
from functions.admin_api.http.csv_table import csv_answer, csv_of
from functions.admin_api.http.openapi import OPAQUE_PAGING, operation
from functions.admin_api.http.reading import MAX_CSV, MAX_LIMIT, paging, takes_csv
from functions.admin_api.http.router import Route
from functions.admin_api.routes import showing
from shared.adapters.admin import connection_answers as answers
from shared.adapters.admin import requests
from shared.adapters.admin.requests import read_form
from shared.ports.operations import Change
from shared.runtime.bootstrap import Environment
from shared.runtime.http import HttpAnswer, HttpRequest, json_answer
from shared.use_cases.connection.connect_intercom import STATE_SECONDS, begin_oauth, check_workspace, connect_with_token
from shared.use_cases.connection.connect_referral_factory import connect_referral_factory
from shared.use_cases.connection.disconnect import disconnect
from shared.use_cases.connection.read_connection import read_connection
from shared.use_cases.connection.rotate_webhook_secret import rotate_webhook_secret
from shared.use_cases.vendor.lift_stop import lift_stop

COOKIE = "intercom_oauth"
COLUMNS = ("done_at", "who", "what", "result", "subject", "issuer", "email_verified")
CALLBACK_PATH = "/oauth/intercom/callback"


def get_connection(environment: Environment, _: HttpRequest) -> HttpAnswer:
    return json_answer(200, _connection(environment))


def connect_intercom(environment: Environment, request: HttpRequest) -> HttpAnswer:
    form = read_form(requests.ConnectIntercom, request.body)
    who, settings = author_of(request.claims), environment.settings
    if form.access_token is not None:
        region = "" if settings.intercom_api_url else settings.intercom_region
        connection = connect_with_token(environment, who, region, form.access_token, form.client_id, form.client_secret)
        return json_answer(200, answers.Begun(authorization_url=None, workspace=showing.workspace(connection)))
    address, cookie = begin_oauth(environment, actor_of(request), settings.console_url, form.client_id, form.client_secret)
    secure = "; Secure" if settings.console_url.startswith("https:") else ""
    kept = f"{COOKIE}={cookie}; Path={CALLBACK_PATH}; Max-Age={STATE_SECONDS:.0f}; HttpOnly; SameSite=Lax{secure}"
    return HttpAnswer(
        200,
        {"content-type": "application/json"},
        str(json_answer(200, answers.Begun(authorization_url=address, workspace=None)).body),
        (kept,),
    )


def check_intercom(environment: Environment, _: HttpRequest) -> HttpAnswer:
    workspace = environment.workspace()
    found = workspace.identify()
    if environment.connections.find() is None:  # a token that was stored by hand: from now on its workspace is known
        environment.connections.save(found)
    missing = check_workspace(environment, workspace)
    return json_answer(200, answers.CheckAnswer(missing_permissions=missing, workspace=showing.workspace(found)))


def connect_factory(environment: Environment, request: HttpRequest) -> HttpAnswer:
    form = read_form(requests.ConnectReferralFactory, request.body)
    return json_answer(200, showing.campaigns(connect_referral_factory(environment, author_of(request.claims), form.api_key)))


def get_factory_campaigns(environment: Environment, _: HttpRequest) -> HttpAnswer:
    return json_answer(200, showing.campaigns(environment.account().campaigns()))


def post_disconnect(environment: Environment, request: HttpRequest) -> HttpAnswer:
    form = read_form(requests.DisconnectVendor, request.body)
    disconnect(environment, author_of(request.claims), form.vendor)
    return json_answer(200, _connection(environment))


def rotate(environment: Environment, request: HttpRequest) -> HttpAnswer:
    form = read_form(requests.RotateWebhookSecret, request.body)
    made = rotate_webhook_secret(environment, author_of(request.claims), form.action, sure=form.sure)
    secrets = environment.webhook_secret.read()
    has_current, has_next = bool(secrets.get("current")), bool(secrets.get("next"))
    return json_answer(200, answers.MadeSecret(next=made, has_current=has_current, has_next=has_next))


def lift(environment: Environment, request: HttpRequest) -> HttpAnswer:
    form = read_form(requests.LiftStop, request.body)
    lift_stop(environment, author_of(request.claims), forget=form.forget)
    return json_answer(200, _connection(environment))


def get_changes(environment: Environment, request: HttpRequest) -> HttpAnswer:
    wants_csv = takes_csv(request)
    page = environment.audit.list(*paging(request, MAX_CSV if wants_csv else MAX_LIMIT))
    if wants_csv:
        rows = [{**asdict(change), "done_at": change.at} for change in page.items]
        return csv_answer(request, "changes.csv", csv_of(COLUMNS, rows), page.cursor)
    return json_answer(200, answers.ChangePage(items=[_change(change) for change in page.items], cursor=page.cursor))


def _connection(environment: Environment) -> answers.ConnectionAnswer:
    return showing.connection(environment, read_connection(environment))


def _change(change: Change) -> answers.ChangeAnswer:
    return answers.ChangeAnswer(
        at=change.at,
        who=change.who,
        what=change.what,
        subject=change.subject,
        issuer=change.issuer,
        email_verified=change.email_verified,
        result=change.result,
    )


ROUTES = (
    Route("GET", "/api/connection", get_connection, operation("How both vendors are connected", answers.ConnectionAnswer)),
    Route(
        "POST",
        "/api/connection/intercom",
        connect_intercom,
        operation(
            "Connect Intercom, by OAuth or with an access token",
            answers.Begun,
            body=requests.ConnectIntercom,
            problems=(400, 409),
            form=True,
            description="Without access_token the answer names Intercom's page and sets a cookie for the way back.",
        ),
    ),
    Route(
        "POST",
        "/api/connection/intercom/check",
        check_intercom,
        operation("Look which of Intercom's permissions are missing", answers.CheckAnswer, problems=(409, 422)),
        looks=True,
    ),
    Route(
        "PUT",
        "/api/connection/referral-factory",
        connect_factory,
        operation(
            "Connect Referral Factory; answers its campaigns",
            answers.FactoryCampaigns,
            body=requests.ConnectReferralFactory,
            problems=(400, 409),
            form=True,
        ),
    ),
    Route(
        "GET",
        "/api/connection/referral-factory/campaigns",
        get_factory_campaigns,
        operation("The campaigns of the Referral Factory account", answers.FactoryCampaigns, problems=(409, 422)),
    ),
    Route(
        "POST",
        "/api/connection/referral-factory/lift-stop",
        lift,
        operation(
            "Let Referral Factory be called again after its warnings",
            answers.ConnectionAnswer,
            body=requests.LiftStop,
            problems=(400,),
            form=True,
        ),
    ),
    Route(
        "POST",
        "/api/connection/disconnect",
        post_disconnect,
        operation(
            "Stop all syncing with a vendor; nothing is deleted",
            answers.ConnectionAnswer,
            body=requests.DisconnectVendor,
            problems=(400,),
            form=True,
        ),
    ),
    Route(
        "POST",
        "/api/connection/webhook-secrets",
        rotate,
        operation(
            "Make, promote or drop the next secret of Referral Factory's webhooks",
            answers.MadeSecret,
            body=requests.RotateWebhookSecret,
            problems=(400, 409),
            form=True,
        ),
    ),
    Route(
        "GET",
        "/api/connection/changes",
        get_changes,
        operation(
            "Who did what, newest first",
            answers.ChangePage,
            parameters=OPAQUE_PAGING,
            problems=(400,),
            csv=True,
            description="With Accept: text/csv a table of up to 1,000 rows; the header Link names the next page.",
        ),
    ),
)
