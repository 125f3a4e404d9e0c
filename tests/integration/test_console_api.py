"""Connecting by OAuth with a browser's cookies, Activity and the overview, over HTTP on the local stack."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox.stack.stack import Stack
from tests.integration.over_http import CALL_SECONDS, wait_for

pytestmark = pytest.mark.stack


def call(http: requests.Session, stack: Stack, method: str, path: str, **more: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {stack.token()}", **more.pop("headers", {})}
    return http.request(method, stack.url + path, headers=headers, timeout=CALL_SECONDS, **more)


def allow(http: requests.Session, stack: Stack, address: str) -> str:
    """A person allows the app on the stand-in's page; where the browser is sent then."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    answer = http.post(f"{stack.intercom_url}/oauth/allow", data=query, allow_redirects=False, timeout=CALL_SECONDS)
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_intercom_is_connected_by_oauth_in_one_browser_only(stack: Stack, http: requests.Session) -> None:
    begun = call(http, stack, "POST", "/api/connection/intercom", json={})

    assert begun.status_code == 200

    back = allow(http, stack, begun.json()["authorization_url"])
    assert back.startswith(f"{stack.url}/oauth/intercom/callback?code=")

    with requests.Session() as other:
        other.trust_env = False
        refused = other.get(back, allow_redirects=False, timeout=CALL_SECONDS)
    assert (refused.status_code, "another browser" in refused.text) == (409, True)

    begun = call(http, stack, "POST", "/api/connection/intercom", json={})
    back = allow(http, stack, begun.json()["authorization_url"])

    done = http.get(back, allow_redirects=False, timeout=CALL_SECONDS)
    assert (done.status_code, done.headers["Location"]) == (303, "/#/connection")
    assert http.get(back, allow_redirects=False, timeout=CALL_SECONDS).status_code == 409

    shown = call(http, stack, "GET", "/api/connection").json()
    assert (shown["intercom"]["connected"], shown["intercom"]["workspace"]["id"]) == (True, "local-workspace")
    assert shown["referral_factory"]["connected"] is True
    assert "Connected the Intercom workspace" in call(http, stack, "GET", "/api/connection/changes").json()["items"][0]["what"]

    usual = {"access_token": "local-intercom-token"}  # other tests share the stack
    assert call(http, stack, "POST", "/api/connection/intercom", json=usual).status_code == 200


def test_a_signup_is_found_counted_and_has_a_story(stack: Stack, http: requests.Session) -> None:
    email = "activity@example.com"
    fields = {"id": 880_001, "email": email, "first_name": "=Ada", "source": "Referred", "referrer_id": 5}
    hook = f"{stack.url}/webhooks/referral-factory/880/joined"
    headers = {"X-Webhook-Secret": stack.settings.webhook_secret}
    assert http.post(hook, json=fields, headers=headers, timeout=CALL_SECONDS).status_code == 202

    def held() -> Any:
        found = call(http, stack, "GET", f"/api/referrals?email={email}").json()["items"]
        return [row for row in found if row["state"] == "held"]

    assert wait_for(held, "the held row")[0]["first_name"] == "=Ada"
    assert [row["user_id"] for row in call(http, stack, "GET", "/api/referrals?campaign_id=880").json()["items"]] == [880_001]

    story = call(http, stack, "GET", "/api/referrals/880/880001").json()
    assert story["story"][0]["sentence"] == "Referral Factory reported that the person joined."
    assert call(http, stack, "POST", "/api/referrals/880/880001/replay").json()["result"] == "held"

    table = call(http, stack, "GET", "/api/referrals?campaign_id=880", headers={"Accept": "text/csv"})
    assert '"\'=Ada"' in table.text

    def light() -> Any:
        hooks = call(http, stack, "GET", "/api/overview").json()["webhooks"]
        return [one for one in hooks if one["campaign_id"] == 880 and one["name"] == "joined" and one["received_at"]]

    wait_for(light, "the webhook's time")

    campaigns = call(http, stack, "GET", "/api/overview").json()["campaigns"]
    assert [row["signups"] for row in campaigns if row["campaign_id"] == 880] == [1]


def test_a_preview_and_what_it_is_chosen_from_come_from_the_workspace(stack: Stack, http: requests.Session) -> None:
    assert call(http, stack, "GET", "/api/segments").json()["items"]

    names = [row["name"] for row in call(http, stack, "GET", "/api/attributes?refresh=true").json()["items"]]
    assert "custom_attributes.referral_link" in names

    campaigns = call(http, stack, "GET", "/api/connection/referral-factory/campaigns").json()["items"]
    assert campaigns[0]["labels"]["person_invited"]


@pytest.mark.parametrize("path", ["/api/connection", "/api/overview", "/api/referrals", "/api/quarantine", "/api/attributes"])
def test_no_expired_foreign_or_forged_token_comes_in(stack: Stack, http: requests.Session, path: str) -> None:
    good = stack.token()
    head, claims, signature = good.split(".")
    forged = f"{head}.{claims}.{signature[:-4]}AAAA"
    for token in (
        "",
        "nonsense",
        forged,
        stack.token(exp=1),
        stack.token(iss="https://elsewhere.example"),
        stack.token(aud="x"),
    ):
        answer = http.get(stack.url + path, headers={"Authorization": f"Bearer {token}"}, timeout=CALL_SECONDS)
        assert answer.status_code == 401, token
