"""What is fed, and what must hold. A target answers nothing; it raises when something does not hold."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from functions.admin_api.handler import ROUTES
from functions.admin_api.http.access import Role, role_of
from functions.admin_api.routes.connection import COOKIE
from functions.console import handler as console_files
from sandbox.vendors.intercom.oauth import allow
from shared.adapters.http.transport import HttpResponse
from shared.adapters.intercom import errors as intercom_errors
from shared.adapters.intercom import lists, schemas
from shared.adapters.intercom.limit_headers import limits_of
from shared.adapters.referral_factory import errors as factory_errors
from shared.adapters.referral_factory import rewards
from shared.adapters.referral_factory import schemas as factory
from shared.domain.person import clean_email, clean_text, emails_alike, fold_email, is_deliverable
from shared.domain.signup.referral_filter import ReferralFilter
from shared.errors import ApplicationError, FailureError, MalformedPayloadError
from shared.runtime.http import HttpRequest
from tests.fuzz.inputs import TYPES, Inputs
from tests.support.admin_api import encoded
from tests.support.builders import CLIENT_SECRET, WEBHOOK_SECRET
from tests.support.clock import NOW
from tests.support.console_api import ADMIN, Console

API = "https://api.intercom.io"


class Refuted(AssertionError):  # noqa: N818 - it is no error of the product's
    """Something that must hold does not."""


class Targets:
    """One application in memory; a new one now and then, for it grows."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._chance = inputs.chance
        self.begin()
        self.all: dict[str, Callable[[], None]] = {
            name.removeprefix("try_"): getattr(self, name) for name in dir(self) if name.startswith("try_")
        }

    def begin(self) -> None:
        self._console = Console()
        self._app = self._console.app
        self._app.configure()

    # -- receivers ------------------------------------------------------------------------------------------------------

    def try_signup_without_the_secret(self) -> None:
        before = self._stored()
        secret = self._chance.choice((None, "", self._inputs.text(), WEBHOOK_SECRET[:-1], f"{WEBHOOK_SECRET},{WEBHOOK_SECRET}"))
        status = self._signup(secret)
        _must(status in {401, 413} and self._stored() == before, f"a webhook without the secret: {status}")

    def try_signup(self) -> None:
        status = self._signup(WEBHOOK_SECRET)
        _must(status in {202, 413}, f"a webhook: {status}")
        self._app.work()

    def try_notification_without_a_signature(self) -> None:
        before = self._stored()
        body = self._inputs.body()
        headers = {
            name: self._chance.choice(("", "sha1=", "sha1=" + "0" * 40, self._inputs.text(), "0" * 64))
            for name in ("x-hub-signature", "x-body-signature")
            if self._chance.random() < 0.7
        }
        path = self._chance.choice(("", "/uninstall", "/health"))
        status = self._app.notify(body, headers, path=f"/webhooks/intercom{path}")["statusCode"]
        _must(status in {401, 413} and self._stored() == before, f"a notification without a signature: {status}")

    def try_notification(self) -> None:
        body = self._inputs.body()
        hub = "sha1=" + hmac.new(CLIENT_SECRET.encode(), body, hashlib.sha1).hexdigest()
        self._app.set_secret("intercom_app", client_secret=CLIENT_SECRET)
        path = self._chance.choice(("", "/uninstall", "/health"))
        status = self._app.notify(body, {"x-hub-signature": hub}, path=f"/webhooks/intercom{path}")["statusCode"]
        _must(status in {200, 401, 413}, f"a notification: {status}")

    def _signup(self, secret: str | None) -> int:
        body = b"" if self._chance.random() < 0.1 else self._inputs.body()
        query = self._inputs.body().decode("utf-8", "replace")[:2_000] if self._chance.random() < 0.3 else ""
        kind = self._chance.choice(TYPES)
        campaign, event = (
            self._chance.choice(("1", "0", "x", "\uff19", "1" * 30)),
            self._chance.choice(("joined", "JOINED/", "rewarded", "x")),
        )
        answer = self._app.post(body, campaign=campaign, event=event, secret=secret, query=query, content_type=kind)
        return int(answer["statusCode"])

    def _stored(self) -> int:
        """Everything that somebody without a credential must not add to."""
        tables = sum(len(self._app.dynamodb.real.items(name)) for name in ("referrals", "campaigns"))
        return tables + len(self._app.queued()) + len(self._app.queued("qualification")) + len(self._app.queued("reconcile"))

    # -- the API --------------------------------------------------------------------------------------------------------

    def try_api_without_a_group(self) -> None:
        self._console.claims = {"groups": self._inputs.value(), "sub": self._inputs.text(), "email": self._inputs.text()}
        if self._console.claims["groups"] in ("admins", "viewers"):
            return
        status = self._call()
        _must(status == 403, f"the API without a group: {status}")

    def try_api(self) -> None:
        self._console.claims = dict(ADMIN)
        status = self._call()
        _must(status < 500 or status == 503, f"the API: {status}")

    def _call(self) -> int:
        route = self._chance.choice(ROUTES)
        given = ("1", "42", "q1", "a@b.example", self._inputs.text(12).replace("/", "") or "x")
        path = re.sub(r"\{\w+\}", lambda _: self._chance.choice(given), route.path)
        method = route.method if self._chance.random() < 0.8 else self._chance.choice(("GET", "PUT", "HEAD", "PATCH", ""))
        body = None if method == "GET" else self._inputs.body().decode("utf-8", "replace")
        names = ("cursor", "limit", "email", "state", "days", "reason", "campaign_id", self._inputs.text(8))
        query = "&".join(f"{self._chance.choice(names)}={self._inputs.value(0)}" for _ in range(self._chance.randrange(4)))
        match = {"if_match": self._inputs.text(8)} if self._chance.random() < 0.3 else {}
        return self._console.call(method, path, body, query, **match).status

    def try_groups(self) -> None:
        claim = self._inputs.value()
        claims = {"groups": claim, "iss": "i", "sub": "s"}
        copied = {"iss": "i", "sub": "s", "groups": str(claim)}
        token = f"Bearer x.{encoded(claims)}.x" if self._chance.random() < 0.7 else self._inputs.text(300)
        role = role_of(HttpRequest("GET", "/", headers={"authorization": token}, claims=copied), self._app.settings)
        named = claim if isinstance(claim, list) else [claim]
        _must(role is None or (role is Role.ADMIN and "admins" in named) or "viewers" in named, f"{claim!r} is {role}")

    def try_cursors(self) -> None:
        cursor = self._inputs.text() if self._chance.random() < 0.5 else encoded(self._inputs.value())
        environment = self._app.environment
        lists_: tuple[Callable[[], Any], ...] = (
            lambda: environment.referral_search.search(ReferralFilter(), 10, cursor),
            lambda: environment.referral_search.search(ReferralFilter(email="a@b.example"), 10, cursor),
            lambda: environment.quarantine_shelf.list(10, cursor),
            lambda: environment.audit.list(10, cursor),
        )
        _only(MalformedPayloadError, self._chance.choice(lists_))

    def try_way_back_from_intercom(self) -> None:
        """The state that somebody began at times, with a code of the attacker's own; never their cookie."""
        self._console.claims = dict(ADMIN)
        state, code = self._inputs.text(60), self._inputs.text(60)
        if self._chance.random() < 0.3:
            self._app.set_secret("intercom_app", client_id="local-client-id", client_secret="local-client-secret")
            address = self._console.post("/api/connection/intercom", {})["authorization_url"]
            state = parse_qs(urlsplit(address).query)["state"][0]
            code = parse_qs(urlsplit(allow(self._app.intercom.workspace, "http://here/", state)).query)["code"][0]
        cookie = self._chance.choice(("", self._inputs.text(60), state))
        self._console.cookies = {self._chance.choice((COOKIE, self._inputs.text(8))): cookie}
        query = urlencode({"state": state, "code": code, self._inputs.text(8): self._inputs.text(60)}, errors="replace")
        before = self._console.secret("intercom")
        status = self._console.callback(query if self._chance.random() < 0.8 else self._inputs.text(300)).status
        _must(status in {400, 409} and self._console.secret("intercom") == before, f"a way back that nobody began: {status}")

    def try_console_files(self) -> None:
        name = self._chance.choice(("", "console/", "console/index.html", "console/../handler.py", self._inputs.text(40)))
        headers = {"if-none-match": self._inputs.text(70)}
        request = HttpRequest("GET", f"/{name}{self._inputs.text(12)}", headers=headers)
        status = console_files._answer(request, self._app.settings).status
        _must(status in {200, 304, 404}, f"a file of the console: {status}")

    # -- readers --------------------------------------------------------------------------------------------------------

    def try_addresses(self) -> None:
        email = self._inputs.address()
        folded = fold_email(email)
        _must(fold_email(folded) == folded, f"{email!r} folds twice")
        is_deliverable(folded)
        emails_alike(folded)
        clean_email(email)
        clean_text(email)

    def try_intercoms_answers(self) -> None:
        response = self._response()
        readers: tuple[Callable[[], Any], ...] = (
            lambda: schemas.contact_of(response),
            lambda: schemas.attributes_of(response),
            lambda: schemas.connection_of(response),
            lambda: lists.page_of(response, API, strict=self._chance.random() < 0.5),
            lambda: lists.names_of(response, self._chance.choice(list(lists.LIST_PATHS))),
            lambda: limits_of(response.headers, NOW),
            lambda: intercom_errors.error_of(response, now=NOW, path="/contacts", about_contact=self._chance.random() < 0.5),
            lambda: intercom_errors.not_restorable(response),
        )
        _only((FailureError, ApplicationError), self._chance.choice(readers))

    def try_referral_factorys_answers(self) -> None:
        document, response = self._inputs.document(), self._response()
        readers: tuple[Callable[[], Any], ...] = (
            lambda: factory.reported_person_of(document, {"x": "email"}),
            lambda: factory.person_of(document, {}),
            lambda: factory.user_of(document),
            lambda: factory.campaign_id_of(document),
            lambda: factory.form_of(document),
            lambda: rewards.reward_of(document),
            lambda: rewards.issued_reward_of(document, "x"),
            lambda: rewards.definition_of(document),
            lambda: factory_errors.error_of(response, self._chance.choice(("GET", "POST"))),
        )
        _only((FailureError, ApplicationError), self._chance.choice(readers))

    def _response(self) -> HttpResponse:
        status = self._chance.choice((200, 200, 202, 204, 400, 401, 403, 404, 409, 422, 429, 500, 503, 599))
        document = self._inputs.document()
        if status >= 400:
            document["errors"] = self._inputs.value()
        elif self._chance.random() < 0.5:
            document = {
                "id": "x",
                "email": self._inputs.value(),
                "data": [self._inputs.document()],
                "pages": self._inputs.value(),
                **document,
            }
        body = json.dumps(document).encode() if self._chance.random() < 0.6 else self._inputs.body()
        return HttpResponse(status, self._inputs.headers(), body)


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Refuted(otherwise)


def _only(expected: type[Exception] | tuple[type[Exception], ...], act: Callable[[], Any]) -> None:
    try:
        act()
    except expected:
        return
