"""With INTERCOM_API_URL the stack delivers to another server that speaks Intercom's API; and what it sends there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from random import Random

import pytest

from sandbox.stack.settings import StackSettings
from sandbox.stack.stack import Stack
from sandbox.vendors.intercom import Intercom, IntercomSettings
from sandbox.vendors.server import RunningServer, serve
from sandbox.vendors.wire import Request, Response
from shared.domain.signup.state import State
from tests.contract.intercom_openapi import DESCRIPTION, validate_request
from tests.integration.conftest import KEEP_LOGS, need_ministack
from tests.integration.over_http import OverHttp, wait_for

pytestmark = [pytest.mark.stack, pytest.mark.thorough]
TOKEN = "token-of-another-workspace"


class AnotherIntercom(Intercom):
    """Keeps every request as it came."""

    def __init__(self) -> None:
        chosen = IntercomSettings()
        chosen.change({"seed": False, "search_lag_seconds": 0, "tokens": [TOKEN], "workspace_id": "another", "region": "EU"})
        super().__init__(clock=time.time, chance=Random(1), settings=chosen)
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return super().answer(request)


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with serve(AnotherIntercom()) as running:
        yield running


@pytest.fixture(scope="module")
def outside(server: RunningServer) -> Iterator[OverHttp]:
    need_ministack()
    settings = StackSettings(
        intercom_url=server.url,
        intercom_token=TOKEN,
        parameters={"IntercomRegion": "EU"},
        webhook_secret="first",
        keep=KEEP_LOGS,
    )
    with Stack(settings) as stack:
        outside = OverHttp(stack)
        yield outside
        outside.close()


def test_the_secret_rotates_without_refusing_anybody(outside: OverHttp, campaign: int) -> None:
    def rotate(**values: str) -> None:
        secrets = outside.stack.client("secretsmanager")
        secrets.put_secret_value(SecretId=outside.stack.outputs["WebhookSecretArn"], SecretString=json.dumps(values))

    def status(secret: str) -> int:
        return outside.post(campaign, outside.fields(campaign), secret=secret).status_code

    assert status("first") == 202

    rotate(current="first", next="second")

    assert [status("second"), status("first"), status("second")] == [202] * 3

    rotate(current="second", next="")

    assert status("second") == 202
    assert status("") == 401


def test_signups_arrive_at_the_other_server(outside: OverHttp, campaign: int, server: RunningServer) -> None:
    fields = outside.fields(campaign)

    assert outside.post(campaign, fields, secret="second").status_code == 202

    row = outside.row((campaign, fields["id"]))
    contact = server.vendor.workspace.contacts[str(row.contact_id)]  # type: ignore[attr-defined] # the stand-in's own state
    assert row.state == State.DELIVERED
    assert contact.email == fields["email"]
    assert contact.name == "Ivo Lindqvist"


def test_no_stand_in_of_intercom_was_started(outside: OverHttp, server: RunningServer) -> None:
    assert outside.stack.intercom_url == server.url
    assert not (outside.stack.folder / "intercom.log").exists()


def test_every_request_names_the_pinned_version_and_the_token_and_fits_the_description(
    outside: OverHttp, campaign: int, server: RunningServer
) -> None:
    vendor = server.vendor
    assert isinstance(vendor, AnotherIntercom)

    calls = [request for request in vendor.requests if request.headers.get("user-agent", "").startswith("python-requests")]
    ours = [request for request in calls if "accept-encoding" in request.headers]
    assert {request.method for request in ours} == {"GET", "POST"}

    for request in ours:
        assert request.headers["intercom-version"] == "2.16"
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["accept"] == "application/json"
        if DESCRIPTION.exists():
            validate_request(request.method, request.path, json.loads(request.body) if request.body else None)


def test_the_functions_get_the_region(outside: OverHttp) -> None:
    functions = outside.stack.client("lambda")
    settings = functions.get_function_configuration(FunctionName=outside.stack.resources["DeliverContactFunction"])
    variables = settings["Environment"]["Variables"]
    assert (variables["INTERCOM_REGION"], variables["STAGE"]) == ("EU", "local")


def test_a_replaced_token_is_read_again_and_costs_nobody_the_delivery(
    outside: OverHttp, campaign: int, server: RunningServer
) -> None:
    vendor = server.vendor
    assert isinstance(vendor, AnotherIntercom)

    secrets = outside.stack.client("secretsmanager")
    secret = outside.stack.resources["IntercomSecret"]
    secrets.put_secret_value(SecretId=secret, SecretString=json.dumps({"access_token": "replaced"}))
    vendor.settings.tokens[:] = ["replaced"]
    fields = outside.fields(campaign)

    assert outside.post(campaign, fields, secret="second").status_code == 202
    assert outside.row((campaign, fields["id"])).state is State.DELIVERED


def test_a_server_that_answers_nonsense_delays_and_loses_nobody(
    outside: OverHttp, campaign: int, server: RunningServer
) -> None:
    server.faults.add({"kind": "html", "path": "^/contacts/search", "times": 1})
    fields = outside.fields(campaign)

    assert outside.post(campaign, fields, secret="second").status_code == 202

    wait_for(lambda: not server.faults.orders(), "the fault")

    assert outside.row((campaign, fields["id"])).state is State.DELIVERED
