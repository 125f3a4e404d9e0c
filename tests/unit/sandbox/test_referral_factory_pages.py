"""The pages of the Referral Factory stand-in."""

from __future__ import annotations

import json

import pytest

from tests.support.referral_factory_builder import Caller

EVE = {"first_name": "Eve", "email": "eve@example.com", "meta[Last Name]": "Adams"}


def test_signing_up_on_the_campaigns_page_makes_a_person_referring(caller: Caller) -> None:
    form = caller.page("/friends").body.decode()

    assert 'name="first_name"' in form
    assert 'name="meta[Last Name]"' in form

    answer = caller.submit("/friends", EVE)
    eve = caller.user("eve@example.com")

    assert (eve["source"], eve["type"]) == ("Direct", "person_referring")
    assert eve["meta"] == [{"field": "Last Name", "value": "Adams"}]
    assert answer.headers["Location"] == f"/{eve['code']}/share"
    assert eve["url"] in caller.page(answer.headers["Location"]).body.decode()


def test_signing_up_through_a_persons_link_makes_a_person_invited(caller: Caller) -> None:
    ada = caller.user("ada@example.com")

    assert "Ada</strong> has invited you" in caller.page(f"/{ada['code']}").body.decode()
    assert caller.submit(f"/{ada['code']}", EVE).status == 303

    eve = caller.user("eve@example.com")
    assert eve["source"] == "Referred"
    assert eve["type"] == "person_invited"
    assert eve["referrer_id"] == ada["id"]
    assert caller.user("ada@example.com")["reach"] == 1


def test_a_browser_that_has_signed_up_sees_its_own_link(caller: Caller) -> None:
    ada = caller.user("ada@example.com")
    cookie = caller.submit("/friends", EVE).headers["Set-Cookie"].partition(";")[0]
    eve = caller.user("eve@example.com")

    assert eve["url"] in caller.page(f"/{ada['code']}", cookie=cookie).body.decode()
    assert "Sign up" in caller.page("/partners", cookie=cookie).body.decode()
    assert "Max-Age=0" in caller.submit("/friends/forget").headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"email": "ada@example.com"}, "The email has already been taken."),
        ({"email": "nothing"}, "The email must be a valid email address."),
        ({"first_name": ""}, "The first name field is required."),
    ],
)
def test_a_form_that_is_wrong_is_shown_again(change: dict[str, str], message: str) -> None:
    answer = Caller().submit("/friends", EVE | change)
    assert answer.status == 422
    assert message in answer.body.decode()


def test_required_and_chosen_fields_are_checked() -> None:
    form = {"first_name": "Eve", "email": "eve@example.com", "meta[Team size]": "3"}
    text = Caller().submit("/partners", form).body.decode()
    assert "The Company field is required." in text
    assert "The selected Team size is invalid." in text


def test_what_people_write_is_escaped(caller: Caller) -> None:
    caller.submit("/friends", {**EVE, "first_name": "<script>alert(1)</script>"})
    code = caller.user("eve@example.com")["code"]
    for path in ("/users", f"/{code}", f"/{code}/share"):
        answer = caller.page(path)
        assert b"<script" not in answer.body
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_people_are_listed_and_found() -> None:
    caller = Caller(seed_people=60)

    assert "64 people" in caller.page("/users").body.decode()
    assert "1 people" in caller.page("/users?campaign_id=2").body.decode()
    assert "person7@example.com" in caller.page("/users?q=PERSON7@").body.decode()
    assert "ada@example.com" in caller.page("/users?page=2").body.decode()
    assert caller.page("/users?page=99").status == 200


def test_people_are_qualified_and_rewards_settled_by_hand() -> None:
    caller = Caller(auto_issue=False)
    eve = caller.create_referral()
    answer = caller.submit(f"/users/{eve['id']}/qualify", referer="http://127.0.0.1:8002/users?campaign_id=1")

    assert (answer.status, answer.headers["Location"]) == (303, "/users?campaign_id=1")

    (due,) = caller.read("GET", "/rewards/due/amount")["data"]
    assert "Issue</button>" in caller.page("/").body.decode()

    caller.submit(f"/rewards/{due['id']}/issue")

    assert len(caller.read("GET", "/rewards/issued/amount")["data"]) == 1

    caller.submit(f"/users/{eve['id']}/unqualify")

    assert caller.user("eve@example.com")["qualified_at"] is None


def test_a_form_of_another_site_does_nothing(caller: Caller) -> None:
    headers = {"origin": "http://elsewhere.example", "host": "127.0.0.1:8002"}
    assert caller.submit("/friends", EVE, **headers).status == 403
    assert caller.submit("/friends", EVE, **{**headers, "origin": "http://127.0.0.1:8002"}).status == 303


@pytest.mark.parametrize("path", ["/nobody", "/friends/share", "/a/b/c", "/../etc/passwd"])
def test_a_page_that_is_not_there(path: str) -> None:
    assert Caller().page(path).status == 404


def test_a_campaign_that_is_paused_takes_nobody(caller: Caller) -> None:
    caller.vendor.account.campaigns[1].status = "paused"
    assert caller.page("/friends").status == 404
    assert caller.submit("/friends", EVE).status == 404


def test_the_state_and_the_style_are_there(caller: Caller) -> None:
    assert json.loads(caller.page("/state").body)["people"] == 4
    assert caller.page("/style.css").headers["Content-Type"].startswith("text/css")
    ada = caller.user("ada@example.com")
    assert caller.page(f"/{ada['code']}/socials/email").headers["Location"].startswith("mailto:")
