"""What a vendor calls an error is logged and stored only as a plain word: anything else may quote a person."""

from __future__ import annotations

import json

import pytest

from shared.adapters.http.transport import HttpResponse
from shared.adapters.intercom import errors as intercom
from shared.adapters.referral_factory import errors as referral_factory
from shared.errors import RejectedError, plain_word

ABOUT_THE_APPLICATION = (402, 403, 404, 410)
QUOTES = ("ada@example.com", "Ada Stone", "parameter_invalid: ada", "a" * 101, "x\ny", "ÄDA", "", "1")


@pytest.mark.parametrize("text", QUOTES)
def test_whatever_is_no_plain_word_is_dropped(text: str) -> None:
    assert plain_word(text) is None


@pytest.mark.parametrize("text", QUOTES)
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 410, 422, 429, 500])
def test_no_error_of_intercom_quotes_it(status: int, text: str) -> None:
    """But for what it says to the application itself, whose words a person needs; they hold no address."""
    message = "" if status in ABOUT_THE_APPLICATION else text
    said = {"request_id": text, "errors": [{"code": text, "field": text, "message": message}]}
    error = intercom.error_of(HttpResponse(status, {"x-request-id": text}, json.dumps(said).encode()), now=0.0, sent=["email"])

    shown = repr((str(error), error.code, error.request_id, getattr(error, "field", None)))

    assert len(text) < 2 or text not in shown


@pytest.mark.parametrize("status", [402, 403])
def test_what_intercom_says_to_the_application_holds_no_address(status: int) -> None:
    said = {"errors": [{"code": "api_plan_restricted", "message": "ada@example.com: your plan has lapsed"}]}
    error = intercom.error_of(HttpResponse(status, {}, json.dumps(said).encode()), now=0.0, path="/contacts/search")
    assert "your plan has lapsed" in str(error)
    assert "@" not in str(error)


@pytest.mark.parametrize("text", QUOTES)
def test_no_error_of_referral_factory_quotes_it(text: str) -> None:
    said = {"errors": {text: [text], "email": [text]}}
    error = referral_factory.error_of(HttpResponse(422, {}, json.dumps(said).encode()), "POST")
    assert isinstance(error, RejectedError)
    assert error.field == "email"


def test_plain_words_stay() -> None:
    said = {"request_id": "b1-x", "errors": [{"code": "parameter_invalid", "field": "email"}]}
    error = intercom.error_of(HttpResponse(422, {}, json.dumps(said).encode()), now=0.0, sent=["email"])

    assert isinstance(error, RejectedError)
    assert error.code == "parameter_invalid"
    assert error.field == "email"
    assert error.request_id == "b1-x"
