"""Who failed: the application, one resource, the person, or nobody who can be named. Each ends, and none costs the others."""

import json

import pytest

from shared.domain.connection.connection import BreakerKind, Vendor
from shared.domain.signup.state import State
from tests.support.builders import App

PLAN = json.dumps(
    {
        "type": "error.list",
        "errors": [{"code": "api_plan_restricted", "message": "Active subscription needed for ann@example.com."}],
    }
)
VERSION = json.dumps({"type": "error.list", "errors": [{"code": "intercom_version_invalid", "message": "Unknown version"}]})
SUSPENDED = json.dumps({"type": "error.list", "errors": [{"code": "app_suspended", "message": "The app is suspended"}]})
PAGE = "<!DOCTYPE html><html><title>Attention Required</title></html>"
DENIED = json.dumps(
    {"type": "error.list", "errors": [{"code": "unauthorized", "message": "Not authorized to access resource"}]}
)
DAY = 24 * 60


@pytest.fixture
def app(app: App) -> App:
    app.sign_up(id=99, email="known@example.com")
    app.forget_calls()
    return app


def sign_up_ten(app: App) -> None:
    for user_id in range(100, 110):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")


def states(app: App) -> set[State]:
    return {app.row(user_id).state for user_id in range(100, 110)}


@pytest.mark.parametrize(
    ("status", "body", "path"),
    [
        (403, PLAN, "^/contacts"),
        (403, PAGE, "^/contacts"),
        (403, None, "^/data_attributes"),
        (402, None, "^/"),
        (404, PAGE, "^/contacts"),
        (404, None, "^/contacts"),
        (410, None, "^/contacts"),
        (406, None, "^/"),
        (405, None, "^/"),
        (407, PAGE, "^/"),
        (421, None, "^/"),
        (451, None, "^/"),
        (426, None, "^/"),
        (400, VERSION, "^/"),
        (400, SUSPENDED, "^/"),
        (422, PAGE, "^/contacts"),
        (401, DENIED, "^/contacts"),
    ],
)
def test_an_application_that_is_refused_fails_nobody_and_all_are_delivered_soon_after(
    app: App, status: int, body: str | None, path: str
) -> None:
    app.environment = app.new_environment()  # no attributes in memory
    app.wire.faults.add({"id": "refused", "kind": "status", "status": status, "body": body, "path": path})
    sign_up_ten(app)
    app.live(3)

    breaker = app.breaker()

    assert breaker.kind is BreakerKind.REFUSED

    app.forget_calls()
    app.live(7)

    assert len(app.wire.calls) <= 7 * 20
    assert states(app) == {State.PENDING}

    app.wire.faults.clear()
    app.live(5)

    assert states(app) == {State.DELIVERED}
    assert app.metrics.counts["ConnectionLost"] == 0


def test_the_breaker_of_a_refused_application_has_intercoms_words_without_an_address(app: App) -> None:
    app.wire.faults.add({"kind": "status", "status": 403, "body": PLAN, "path": "^/contacts"})
    app.sign_up()
    breaker = app.breaker()

    assert "Active subscription needed" in breaker.words
    assert "ann@example.com" not in breaker.words + app.row().reason


def test_creates_alone_that_are_refused_open_the_breaker_too(app: App) -> None:
    app.wire.faults.add({"kind": "status", "status": 403, "method": "POST", "path": "^/contacts$"})
    sign_up_ten(app)
    breaker = app.breaker()

    assert breaker.kind is BreakerKind.REFUSED

    app.wire.faults.clear()
    app.live(5)

    assert states(app) == {State.DELIVERED}


def test_one_create_that_is_refused_is_no_missing_permission_and_those_of_three_people_are(app: App) -> None:
    app.wire.faults.add({"kind": "status", "status": 403, "method": "POST", "path": "^/contacts$", "id": "refused"})
    app.sign_up()
    app.live(6, step=2)

    assert app.metrics.counts["PermissionMissing"] == 0

    sign_up_ten(app)

    assert app.metrics.counts["PermissionMissing"] == 1


@pytest.mark.parametrize("status", [401, 403])
def test_one_contact_that_is_refused_costs_nobody_else_and_fails_at_last(app: App, status: int) -> None:
    contact = app.contacts("known@example.com")[0]
    app.wire.faults.add({"kind": "status", "status": status, "method": "PUT", "path": f"^/contacts/{contact.id}$"})
    app.sign_up(id=99, email="known@example.com", first_name="Other")

    sign_up_ten(app)

    assert states(app) == {State.DELIVERED}
    assert app.environment.breakers.find(Vendor.INTERCOM) is None
    assert app.metrics.counts["ConnectionLost"] == 0

    app.live(4 * 60, step=5)

    assert app.row(99).state is State.FAILED

    puts = [call for call in app.calls() if call.startswith("PUT")]
    assert len(puts) <= 30


def test_a_body_that_is_refused_under_401_is_about_the_person(app: App) -> None:
    body = json.dumps({"errors": [{"code": "parameter_invalid", "message": "phone is invalid", "field": "phone"}]})
    app.wire.faults.add({"kind": "status", "status": 401, "body": body, "method": "POST", "path": "^/contacts$"})
    app.sign_up()

    assert app.row().state is State.FAILED
    assert app.environment.breakers.find(Vendor.INTERCOM) is None


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (409, "Multiple existing users match this email address"),
        (409, "A contact matching those details already exists with id=existing-7"),
        (409, PAGE),
    ],
)
@pytest.mark.parametrize("audience", ["person_invited", "person_referring"])
def test_a_create_that_is_contradicted_for_ever_ends_and_costs_little(
    app: App, status: int, message: str, audience: str
) -> None:
    errors = json.dumps({"errors": [{"code": "conflict", "message": message}]})
    body = message if message == PAGE else errors
    app.wire.faults.add({"kind": "status", "status": status, "body": body, "method": "POST", "path": "^/contacts$"})
    more = {"referrer_id": None, "referrer_email": None, "referrer_code": None, "source": "Direct"}
    app.sign_up(**(more if audience == "person_referring" else {}))

    app.live(8 * 60, step=5)

    assert app.row().state is State.FAILED
    assert "Intercom" in app.row().reason
    assert len([call for call in app.calls() if call == "POST /contacts"]) <= 14
    assert len(app.wire.calls) <= 60


def test_a_create_that_answers_500_for_ever_for_one_person_ends_and_delays_nobody(app: App) -> None:
    app.wire.faults.add({"kind": "status", "status": 500, "method": "POST", "path": "^/contacts$", "times": 1, "id": "poison"})
    app.sign_up()

    for user_id in range(200, 300):
        app.sign_up(id=user_id, email=f"person{user_id}@example.com")
        assert app.row(user_id).state is State.DELIVERED
        app.wait(300)
        app.wire.faults.add({"kind": "status", "status": 500, "method": "POST", "path": "^/contacts$", "id": "poison"})
        app.sweep()
        app.wire.faults.clear()

    assert app.row().state is State.FAILED
    assert app.environment.breakers.find(Vendor.INTERCOM) is None
    assert len([call for call in app.wire.calls if call.status == 500]) <= 14


def test_an_id_in_the_second_error_of_a_conflict_is_read(app: App) -> None:
    contact = app.given()
    body = json.dumps(
        {"errors": [{"code": "x", "message": "No."}, {"code": "conflict", "message": f"already exists with id={contact.id}"}]}
    )
    app.wire.faults.add({"kind": "status", "status": 409, "body": body, "method": "POST", "path": "^/contacts$"})
    app.wire.faults.add({"kind": "status", "status": 200, "body": '{"data": []}', "path": "^/contacts/search$"})

    row = app.sign_up()

    assert row.contact_id == contact.id


def test_a_conflict_that_names_somebody_of_another_address_is_not_adopted(app: App) -> None:
    contact = app.contacts("known@example.com")[0]
    body = json.dumps({"errors": [{"code": "conflict", "message": f"already exists with id={contact.id}"}]})
    app.wire.faults.add({"kind": "status", "status": 409, "body": body, "method": "POST", "path": "^/contacts$"})

    app.sign_up()

    assert app.row().contact_id is None

    app.live(8 * 60, step=5)

    assert app.row().state is State.FAILED
    assert contact.email == "known@example.com"


@pytest.mark.parametrize("status", [500, 401, 403, 404, 409, 410, 423, 425])
def test_an_unarchive_that_fails_for_ever_ends(app: App, status: int) -> None:
    contact = app.contacts("known@example.com")[0]
    body = json.dumps({"errors": [{"code": "conflict", "message": f"An archived contact already exists with id={contact.id}"}]})
    app.wire.faults.add({"kind": "status", "status": 409, "body": body, "method": "POST", "path": "^/contacts$"})
    app.wire.faults.add({"kind": "status", "status": status, "method": "POST", "path": "/unarchive$"})
    app.sign_up()

    app.live(8 * 60, step=5)

    assert app.row().state is State.FAILED
    assert len(app.wire.calls) <= 60


def test_creates_alone_that_answer_500_open_the_breaker(app: App) -> None:
    app.wire.faults.add({"kind": "status", "status": 500, "method": "POST", "path": "^/contacts$"})
    sign_up_ten(app)
    app.live(3)

    assert app.environment.breakers.find(Vendor.INTERCOM) is not None

    app.forget_calls()
    app.live(60)

    assert len([call for call in app.calls() if call == "POST /contacts"]) <= 4 * 60
    assert states(app) == {State.PENDING}

    app.wire.faults.clear()
    app.live(15)

    assert states(app) == {State.DELIVERED}
    assert all(len(app.contacts(f"person{user_id}@example.com")) == 1 for user_id in range(100, 110))


@pytest.mark.parametrize("status", [503, 408, 423, 425])
def test_a_long_outage_fails_nobody(app: App, status: int) -> None:
    app.wire.faults.add({"kind": "status", "status": status, "path": "^/"})
    app.sign_up()
    app.live(DAY, step=5)

    assert app.row().state is State.PENDING

    app.wire.faults.clear()
    app.live(5)

    assert app.row().state is State.DELIVERED


def test_whoever_was_in_trouble_before_a_long_outage_does_not_fail_by_it(app: App) -> None:
    """A few tries of their own, with six hours before the last one in which nobody was tried."""
    own = {"kind": "status", "status": 500, "method": "POST", "path": "^/contacts$"}
    app.wire.faults.add(own)
    app.sign_up()
    app.live(10)
    tries = app.row().tries
    app.wire.faults.clear()
    app.environment.intercom_guard.pause(BreakerKind.FAILING, 7 * 3_600.0)
    app.live(6 * 60, step=5)
    app.environment.breakers.close(Vendor.INTERCOM)
    app.wire.faults.add({**own, "times": 1})

    app.live(1)

    assert 0 < tries < app.row().tries
    assert app.row().state is State.PENDING

    app.live(60)

    assert app.row().state is State.DELIVERED


def refuse_attribute(*names: str, field: bool = True) -> str:
    entry = [
        {"code": "parameter_invalid", "message": f"{name} is invalid", **({"field": name} if field else {})} for name in names
    ]
    return json.dumps({"type": "error.list", "errors": entry})


def refuse_create(app: App, body: str, times: int | None = None) -> None:
    app.wire.faults.add(
        {"kind": "status", "status": 400, "body": body, "method": "POST", "path": "^/contacts$", "times": times}
    )


def test_two_attributes_that_are_refused_at_once_cost_only_themselves(app: App) -> None:
    refuse_create(app, refuse_attribute("referral_link", "referral_campaign"), times=1)

    row = app.sign_up()

    assert row.state is State.PARTIAL
    assert {drop.attribute for drop in row.dropped} == {
        "custom_attributes.referral_link",
        "custom_attributes.referral_campaign",
    }


def test_attributes_that_are_refused_one_after_the_other_are_dropped_as_often_as_something_new_is_named(app: App) -> None:
    for name in ("referral_link", "referral_campaign", "referrer_email"):
        refuse_create(app, refuse_attribute(name), times=1)
    row = app.sign_up()
    assert row.state is State.PARTIAL
    assert len(row.dropped) == 3


def test_a_refusal_that_names_nothing_leaves_name_and_email(app: App) -> None:
    refuse_create(app, refuse_attribute("The owner specified is not a member of the workspace;", field=False), times=1)
    row = app.sign_up()

    assert row.state is State.PARTIAL
    assert app.contacts("ivo.invited@example.com")[0].name
    assert "Intercom refused" in row.reason


def test_an_email_that_is_refused_is_final_at_once(app: App) -> None:
    refuse_create(app, refuse_attribute("email"))
    row = app.sign_up()
    assert row.state is State.FAILED
    assert app.calls().count("POST /contacts") == 1
