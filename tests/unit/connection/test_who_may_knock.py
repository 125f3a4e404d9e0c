"""One contract for every proof that a receiver asks for: Referral Factory's secret, and both of Intercom's signatures."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from shared.adapters.secrets import READ_AGAIN_AFTER, SECRETS_KEPT_SECONDS
from shared.use_cases.qualification.accept_notification import MAX_NOTIFICATION
from tests.support.builders import CLIENT_SECRET, WEBHOOK_SECRET, App, webhook_fields
from tests.support.qualifying import Friendship

NOTICE = json.dumps({"type": "notification_event", "app_id": "local-workspace", "topic": "ping", "data": {}}).encode()
UNINSTALL = json.dumps({"app_id": "another-workspace"}).encode()


@dataclass(frozen=True)
class Proof:
    """``knock``: the status of a call that is proven by that secret; None: by nothing at all."""

    knock: Callable[[App, str | None], int]
    secret: str
    stored: str
    current: str
    following: str
    accepted: int


def with_secret(app: App, secret: str | None) -> int:
    status: int = app.post(webhook_fields(), secret=secret)["statusCode"]
    return status


def with_hub(app: App, secret: str | None) -> int:
    headers = (
        {} if secret is None else {"x-hub-signature": "sha1=" + hmac.new(secret.encode(), NOTICE, hashlib.sha1).hexdigest()}
    )
    status: int = app.notify(NOTICE, headers)["statusCode"]
    return status


def with_body(app: App, secret: str | None) -> int:
    signature = hmac.new((secret or "").encode(), UNINSTALL, hashlib.sha256).hexdigest()
    headers = {} if secret is None else {"x-body-signature": signature}
    status: int = app.notify(UNINSTALL, headers, path="/webhooks/intercom/uninstall")["statusCode"]
    return status


OF_INTERCOM = (CLIENT_SECRET, "intercom_app", "client_secret", "client_secret_next")
PROOFS = {
    "Referral Factory's secret": Proof(with_secret, WEBHOOK_SECRET, "webhook", "current", "next", 202),
    "a notification's signature": Proof(with_hub, *OF_INTERCOM, 200),
    "an uninstall's signature": Proof(with_body, *OF_INTERCOM, 200),
}


@pytest.fixture
def app() -> App:
    story = Friendship()
    story.invited()
    return story.app


@pytest.fixture(params=PROOFS.values(), ids=PROOFS)
def proof(request: pytest.FixtureRequest) -> Proof:
    found: Proof = request.param
    return found


def reads(app: App) -> list[str]:
    """Each reading of a secret from now on, by a process that has read none yet."""
    app.environment = app.new_environment()
    found: list[str] = []
    real = app.secrets.real.get_secret_value
    app.secrets.get_secret_value = lambda **request: found.append(request["SecretId"]) or real(**request)
    return found


def test_the_stored_secret_is_accepted_and_no_other_is(app: App, proof: Proof) -> None:
    knocks = [proof.secret, proof.secret[:-1], proof.secret + "x", proof.secret.upper(), "None", "", None]
    assert [proof.knock(app, secret) for secret in knocks] == [proof.accepted, *[401] * 6]


def test_a_secret_that_was_replaced_counts_at_once_and_the_old_one_is_over(app: App, proof: Proof) -> None:
    assert proof.knock(app, proof.secret) == proof.accepted
    app.set_secret(proof.stored, **{proof.current: "brand new"})
    assert proof.knock(app, "brand new") == proof.accepted
    assert proof.knock(app, proof.secret) == 401


def test_a_secret_that_was_replaced_is_accepted_no_longer_than_secrets_are_kept(app: App, proof: Proof) -> None:
    assert proof.knock(app, proof.secret) == proof.accepted
    app.set_secret(proof.stored, **{proof.current: "brand new"})
    app.wait(SECRETS_KEPT_SECONDS)
    assert proof.knock(app, proof.secret) == 401


def test_while_it_is_being_replaced_both_are_accepted_and_no_third(app: App, proof: Proof) -> None:
    app.set_secret(proof.stored, **{proof.current: proof.secret, proof.following: "brand new"})
    knocks = (proof.secret, "brand new", "another", "")
    assert [proof.knock(app, secret) for secret in knocks] == [proof.accepted, proof.accepted, 401, 401]


def test_strangers_do_not_make_us_read_the_secret_all_the_time(app: App, proof: Proof) -> None:
    found = reads(app)

    assert [proof.knock(app, "wrong") for _ in range(20)] == [401] * 20
    assert len(found) == 2, "once, and once again"

    app.wait(READ_AGAIN_AFTER - 1)

    assert (proof.knock(app, "wrong"), len(found)) == (401, 2)

    app.wait(1)

    assert (proof.knock(app, "wrong"), len(found)) == (401, 3)


def test_a_request_without_proof_makes_us_read_no_secret_again(app: App, proof: Proof) -> None:
    found = reads(app)

    assert proof.knock(app, proof.secret) == proof.accepted
    assert (proof.knock(app, None), len(found)) == (401, 1)

    app.set_secret(proof.stored, **{proof.current: "brand new"})

    assert proof.knock(app, proof.secret) == proof.accepted, "the one that was read before"


def test_an_empty_header_is_as_good_as_none(app: App) -> None:
    found = reads(app)
    assert app.post(webhook_fields(), secret="")["statusCode"] == 401
    assert app.notify(NOTICE, {"x-hub-signature": ""})["statusCode"] == 401
    assert found == ["webhook", "intercom_app"], "each once, and none again"


@pytest.mark.parametrize("content", ["nothing", "empty", "another"])
def test_a_secret_that_is_not_there_proves_nothing(app: App, proof: Proof, content: str) -> None:
    app.set_secret(
        proof.stored, **{"nothing": {}, "empty": {proof.current: "", proof.following: ""}, "another": {"x": "y"}}[content]
    )
    app.wait(SECRETS_KEPT_SECONDS)
    assert [proof.knock(app, secret) for secret in ("", "None", "y", None, proof.secret)] == [401] * 5


def test_a_secret_that_cannot_be_read_is_our_fault_and_not_the_callers(app: App, proof: Proof) -> None:
    app.environment = app.new_environment()
    app.secrets.refuse("get_secret_value", 9)
    assert proof.knock(app, proof.secret) >= 500


REFUSED = {"Referral Factory's secret": "WebhookRefused", "a notification's signature": "NotificationRefused"}


@pytest.mark.parametrize("name", REFUSED)
def test_the_alarms_count_each_wrong_proof_and_no_right_one(app: App, name: str) -> None:
    proof = PROOFS[name]

    accepted = proof.knock(app, proof.secret)
    counted_before = app.metrics.counts[REFUSED[name]]
    refused = proof.knock(app, "wrong")

    assert accepted == proof.accepted
    assert counted_before == 0
    assert refused == 401
    assert app.metrics.counts[REFUSED[name]] == 1


def test_a_notification_over_its_limit_is_refused_unread(app: App) -> None:
    body = b"x" * (MAX_NOTIFICATION + 1)

    answer = app.notify(body, {"x-hub-signature": "sha1=" + hmac.new(CLIENT_SECRET.encode(), body, hashlib.sha1).hexdigest()})

    assert answer["statusCode"] == 413
