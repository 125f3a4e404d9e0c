"""What a sender wrote, as the attribute's type: days, milliseconds, decimal commas."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from shared.adapters.http.transport import HttpResponse
from shared.adapters.intercom.errors import error_of
from shared.domain.contact import Attribute
from shared.domain.mapping import coerce
from shared.domain.person import fold_email
from shared.domain.signup.state import State
from tests.fakes.lambda_events import ROOT
from tests.support.builders import App, webhook_fields
from tests.support.documents import mapping

UTC_DAY = 1_795_305_600
"""2026-11-22 00:00 UTC."""


@pytest.mark.parametrize(
    ("written", "zone", "seconds"),
    [
        ("2026-11-22", "UTC", UTC_DAY),
        ("2026-11-22", "Europe/Berlin", UTC_DAY - 3_600),
        ("2026-11-22", "America/Los_Angeles", UTC_DAY + 8 * 3_600),
        ("2026-11-22", "Pacific/Kiritimati", UTC_DAY - 14 * 3_600),
        ("2026-07-01", "Europe/Berlin", 1_782_856_800),
        ("2026-11-22 10:00:00", "Europe/Berlin", UTC_DAY + 9 * 3_600),
        ("2026-11-22T10:00:00Z", "Europe/Berlin", UTC_DAY + 10 * 3_600),
        ("2026-11-22", "Nowhere/At all", UTC_DAY),
        (UTC_DAY * 1_000, "Europe/Berlin", UTC_DAY),
        (str(UTC_DAY * 1_000), "Europe/Berlin", UTC_DAY),
        (631_152_000_000, "UTC", 631_152_000),
        ("631152000", "UTC", 631_152_000),
        ("-86400000000", "UTC", -86_400_000),
        (float(UTC_DAY), "UTC", UTC_DAY),
    ],
)
def test_a_day_stays_the_day_it_was_and_milliseconds_become_seconds(written: Any, zone: str, seconds: int) -> None:
    assert coerce(written, Attribute("custom_attributes.x", "date"), zone) == seconds


@pytest.mark.parametrize("written", [10**16, "1" * 16, "32.13.2026", "soon", float("inf"), True, "9" * 60_000])
def test_what_is_no_date_is_dropped_with_the_reason(written: Any) -> None:
    with pytest.raises(ValueError, match="takes a date such as"):
        coerce(written, Attribute("custom_attributes.x", "date"))


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("3,5", 3.5), ("0,125", 0.125), ("1234,567", 1234.567), ("1.234,56", 1234.56), ("1,234.56", 1234.56),
        ("12,345,678", 12_345_678.0), ("12.345.678", 12_345_678.0), ("1 234,5", 1234.5), ("1\u202f234,5", 1234.5),
        ("1'234.50", 1234.5), ("-3,5", -3.5), ("1.5", 1.5), ("1e3", 1000.0),
    ],
)  # fmt: skip
def test_a_decimal_comma_is_read_where_it_can_be_nothing_else(written: str, number: float) -> None:
    assert coerce(written, Attribute("custom_attributes.x", "float")) == number


def test_a_comma_that_may_mean_two_numbers_is_dropped_with_the_reason() -> None:
    with pytest.raises(ValueError, match="takes a number; 1,234 may be one of two"):
        coerce("1,234", Attribute("custom_attributes.x", "float"))
    for unread in ("3,5,7", "1_000", "12,34.5", "١٢"):
        with pytest.raises(ValueError, match="takes a number"):
            coerce(unread, Attribute("custom_attributes.x", "float"))


def test_a_default_in_milliseconds_goes_into_the_first_create() -> None:
    app = App()
    app.configure(
        person_invited={
            "mapping": mapping(("signed_up_at", "signed_up_at")),
            "defaults": {"signed_up_at": UTC_DAY * 1_000},
        }
    )

    app.post(webhook_fields(date=None))
    app.work()

    assert app.row().state is State.DELIVERED

    (created,) = app.bodies("POST", "/contacts")[1:]
    assert created["signed_up_at"] == UTC_DAY


def test_an_extra_field_in_milliseconds_reaches_a_date_attribute() -> None:
    app = App()
    app.configure(person_invited={"mapping": mapping(("meta.birthday", "custom_attributes.signed_up_on"))})

    app.post(webhook_fields(birthday=631_152_000_000))
    app.work()

    assert app.row().state is State.DELIVERED
    assert app.contact().custom_attributes["signed_up_on"] == 631_152_000


def test_the_day_of_a_signup_is_the_same_day_in_the_workspace() -> None:
    app = App()  # the stand-in's workspace is in Berlin
    app.configure(person_invited={"mapping": mapping(("signed_up_at", "signed_up_at"))})
    app.post(webhook_fields(date="2026-11-20"))
    app.work()

    (created,) = app.bodies("POST", "/contacts")[1:]

    assert created["signed_up_at"] == UTC_DAY - 2 * 86_400 - 3_600


def test_a_vendor_text_of_a_megabyte_is_cut_before_it_is_searched() -> None:
    message = "x " * 500_000
    body = b'{"type":"error.list","errors":[{"code":"parameter_invalid","message":"' + message.encode() + b'"}]}'
    sent = [f"custom_attributes.attribute {number}" for number in range(100)]
    began = time.process_time()

    error_of(HttpResponse(422, {"link": "/contacts/" * 100_000, "date": "(" * 100_000}, body), now=0.0, sent=sent)

    assert time.process_time() - began < 0.2


@pytest.mark.parametrize("word", ["a" * 2_000, "a@" * 1_000, "@" * 2_000, "a@b " * 500])
def test_addresses_are_taken_out_of_a_vendors_text_in_linear_time(word: str) -> None:
    errors = [{"code": "forbidden", "message": word, "field": ""}] * 50
    body = json.dumps({"type": "error.list", "errors": errors}).encode()
    sent = [f"custom_attributes.{'a' * 40}{number}" for number in range(100)]
    began = time.process_time()

    for status in (403, 422):
        error = error_of(HttpResponse(status, {}, body), now=0.0, sent=sent)
        assert "@" not in str(error)

    assert time.process_time() - began < 0.2


def test_a_zone_that_nobody_knows_is_logged_once_when_the_workspace_is_read(caplog: pytest.LogCaptureFixture) -> None:
    app = App()
    app.intercom.settings.timezone = "Nowhere/At all"
    app.configure()

    for number in (42, 43):
        app.post(webhook_fields(id=number, email=f"person{number}@example.com"))
        app.work()

    assert [app.row(number).state for number in (42, 43)] == [State.DELIVERED] * 2
    assert sum("time zone unknown" in line.getMessage() for line in caplog.records) == 1


def test_zones_are_known_where_the_machine_has_no_table_of_them() -> None:
    """As in Lambda's image: the package that is shipped has the table."""
    script = "from shared.domain.spelling import is_zone; assert is_zone('Europe/Berlin') and is_zone('Asia/Kolkata')"
    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONTZPATH": "", "PYTHONPATH": str(ROOT)})
    shipped = (ROOT / "shared" / "requirements.txt").read_text()
    assert "tzdata==" in shipped


@pytest.mark.parametrize("email", ["é" * 200 + "@example.com", "m" * 300 + "@example.com", "x" * 1_000_000])
def test_an_address_that_no_mail_system_takes_never_becomes_a_key(email: str) -> None:
    assert fold_email(email) == ""
