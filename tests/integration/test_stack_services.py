"""The bridge: who gets in, what is there after a deployment, and that nothing is left behind."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.stack.errors import DeploymentError
from sandbox.stack.processes import wait_until_gone
from sandbox.stack.settings import StackSettings
from sandbox.stack.stack import KEY, Stack
from sandbox.tokens import CLIENT_ID, load_key
from tests.integration.conftest import ECHO, need_ministack
from tests.integration.over_http import CALL_SECONDS, wait_for
from tests.template.test_routes import SIGNUPS

pytestmark = pytest.mark.stack


def _signed(stack: Stack, claims: dict[str, object], **changes: object) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048) if changes.pop("forged", False) else load_key(KEY)
    headers = {"kid": jwt.get_unverified_header(stack.token())["kid"], **changes}
    return jwt.encode(claims, key, algorithm="RS256", headers={k: v for k, v in headers.items() if v is not None})


def _claims(stack: Stack) -> dict[str, object]:
    return dict(jwt.decode(stack.token(), options={"verify_signature": False}))


REFUSED: dict[str, Callable[[Stack], str | None]] = {
    "missing": lambda _: None,
    "garbage": lambda _: "Bearer x.y.z",
    "empty": lambda _: "Bearer ",
    "forged key": lambda stack: _signed(stack, _claims(stack), forged=True),
    "no key id": lambda stack: _signed(stack, _claims(stack), kid=None),
    "expired": lambda stack: stack.token(exp=int(time.time()) - 10),
    "foreign audience": lambda stack: stack.token(aud="somebody-else"),
    "foreign issuer": lambda stack: stack.token(iss="http://127.0.0.1:1"),
    "tampered": lambda stack: stack.token().replace(".", ".e", 1),
    "unsigned": lambda stack: jwt.encode(_claims(stack), None, algorithm="none"),
    "symmetric": lambda stack: jwt.encode(_claims(stack), "x" * 32, algorithm="HS256"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_token_is_401(echo_stack: Stack, name: str) -> None:
    token = REFUSED[name](echo_stack)
    headers = {"Authorization": token} if token is not None else {}

    answer = requests.get(f"{echo_stack.url}/api/x", headers=headers, timeout=CALL_SECONDS)
    assert answer.status_code == 401
    assert answer.json() == {"message": "Unauthorized"}


@pytest.mark.parametrize("person", ["mara", "otto"])
def test_a_good_token_is_let_in_with_its_claims(echo_stack: Stack, person: str) -> None:
    headers = {"Authorization": f"Bearer {echo_stack.token(person)}"}
    answer = requests.get(f"{echo_stack.url}/api/x", headers=headers, timeout=CALL_SECONDS)
    assert answer.status_code == 200

    claims = answer.json()["event"]["requestContext"]["authorizer"]["jwt"]["claims"]
    assert claims["aud"] == CLIENT_ID
    assert claims["groups"] == ("[referral-admins]" if person == "mara" else "[]")


def test_every_route_but_the_closed_list_needs_a_token(stack: Stack) -> None:
    client = stack.client("apigatewayv2")
    routes = client.get_routes(ApiId=stack.resources["HttpApi"])["Items"]

    public = {route["RouteKey"] for route in routes if route["AuthorizationType"] != "JWT"}
    assert public == {
        *SIGNUPS,
        "HEAD /webhooks/intercom",
        "POST /webhooks/intercom",
        "POST /webhooks/intercom/uninstall",
        "POST /webhooks/intercom/health",
        "GET /",
        "GET /console/{file+}",
        "GET /oauth/intercom/callback",
    }
    assert requests.get(f"{stack.url}/api/campaigns", timeout=CALL_SECONDS).status_code == 401


def test_the_secrets_hold_what_the_environment_gave(stack: Stack) -> None:
    secrets = stack.client("secretsmanager")
    read = [secrets.get_secret_value(SecretId=stack.outputs[f"{name}SecretArn"]) for name in ("Webhook", "Intercom")]
    assert '"current": "local-webhook-secret"' in read[0]["SecretString"]
    assert '"access_token": "local-intercom-token"' in read[1]["SecretString"]


def test_rows_of_both_tables_expire(stack: Stack) -> None:
    dynamodb = stack.client("dynamodb")
    for name in ("CampaignsTable", "ReferralsTable"):
        state = dynamodb.describe_time_to_live(TableName=stack.resources[name])["TimeToLiveDescription"]
        assert state == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


def test_both_stand_ins_answer(stack: Stack) -> None:
    token = {"Authorization": f"Bearer {stack.settings.intercom_token}"}
    assert requests.get(f"{stack.intercom_url}/me", headers=token, timeout=CALL_SECONDS).status_code == 200
    key = {"Authorization": f"Bearer {stack.settings.referral_factory_key}", "Accept": "application/json"}
    assert requests.get(f"{stack.referral_factory_url}/campaigns", headers=key, timeout=CALL_SECONDS).status_code == 200


def test_workers_see_neither_our_environment_nor_another_address(echo_stack: Stack) -> None:
    answer = requests.post(f"{echo_stack.url}/open/1", timeout=CALL_SECONDS).json()
    assert answer["layer"] == "from the layer"
    assert "VIRTUAL_ENV" not in answer["environment"]
    assert not {name for name in answer["environment"] if name.startswith(("PYTEST", "PIP_", "INTERCOM"))}


def test_a_queue_reaches_its_function_and_the_logs_can_be_read(echo_stack: Stack) -> None:
    queue = echo_stack.client("sqs")
    queue.send_message(QueueUrl=echo_stack.resources["Queue"], MessageBody="ring")
    wait_for(lambda: "queued ring" in echo_stack.logs("EchoFunction"), "the message")


def test_redeploying_takes_new_code_and_keeps_the_address(own_echo: Stack) -> None:
    marker = own_echo.settings.template.parent / "shared" / "marker.py"
    marker.write_text(marker.read_text().replace("from the layer", "another"))
    before = own_echo.outputs["ApiId"]

    own_echo.redeploy()

    assert own_echo.outputs["ApiId"] == before
    assert requests.post(f"{own_echo.url}/open/1", timeout=CALL_SECONDS).json()["layer"] == "another"

    pids = [own_echo.ministack.process.pid, *own_echo.workers("EchoFunction")]
    assert len(pids) > 1

    own_echo.__exit__(None, None, None)

    assert wait_until_gone(pids)
    assert not own_echo.folder.exists()


@pytest.fixture
def own_echo(tmp_path: Path) -> Iterator[Stack]:
    """An echo stack that may be changed and ended."""
    need_ministack()
    with _copy_of_echo(tmp_path) as running:
        yield running


def _copy_of_echo(folder: Path, old: str = "", new: str = "") -> Stack:
    target = folder / "app"
    shutil.copytree(ECHO.parent, target)
    template = target / "template.yaml"
    if old:
        template.write_text(template.read_text().replace(old, new))
    nowhere = "http://127.0.0.1:9"
    return Stack(StackSettings(template=template, intercom_url=nowhere, referral_factory_url=f"{nowhere}/api/v2"))


def test_a_template_that_cannot_be_deployed_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    need_ministack()
    broken = _copy_of_echo(tmp_path, "Type: AWS::SQS::Queue", "Type: AWS::SQS::Kueue")
    with pytest.raises(DeploymentError, match="AWS::SQS::Kueue"):
        broken.__enter__()
    assert not broken.folder.exists()
