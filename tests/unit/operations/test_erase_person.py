"""A person who asks to be erased is gone from every row, and nothing brings them back."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.person import Person, Referrer
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import Origin, State
from shared.domain.vendor.call import VendorCall
from shared.errors import MalformedPayloadError, TransientError
from shared.messages import DeliverContact, QualifyReferral
from shared.ports.signup import Quarantined
from shared.use_cases.operations.erase_person import erase_person
from shared.use_cases.signup.remember_signup import remember_signup
from tests.fakes.errors import client_error
from tests.support.builders import App
from tests.support.clock import NOW
from tests.support.console_api import Console
from tests.support.rows import readable
from tests.support.syncing import SyncApp
from tools import operate
from tools.operating.operator import OperatingError, Operator

EMAIL = "Canary.Stone@example.com"
NAME = "Canaryname"
CANARIES = ("canary.stone", "canaryname", "canarylink", "canaryanswer")


def run(app: App, *words: str) -> str:
    given = operate.parser().parse_args(["--stack", "x", *words])
    return "\n".join(operate.run(app.environment, given, Operator(sure="--yes" in words)))


def stored(app: App) -> str:
    """Everything in every table and queue, quarantined bodies readable."""
    text = ""
    for table in (app.settings.referrals_table, app.settings.campaigns_table):
        for item in app.environment._dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]:
            text += readable(item) + "\n"
            if item["sk"]["S"] == "QUARANTINE":
                text += base64.b64decode(item["body"]["S"]).decode() + "\n"
    text += "\n".join(str(message) for message in app.queued())
    return text.casefold().replace("%40", "@")


@pytest.fixture
def app(app: App) -> App:
    """Somebody signed up, changed their address, invited a friend, and left traces beside the ledger."""
    facts: dict[str, Any] = {"first_name": NAME, "url": "https://example.com/canarylink", "Favourite": "canaryanswer"}
    app.sign_up(id=7, email=EMAIL, **facts)
    app.sign_up(id=8, email="friend@example.com", first_name="Fred")
    app.environment.referrals.update(1, 8, lambda row: _invited_by(row))
    for number, body in enumerate((f"email={EMAIL.replace('@', '%40')}", json.dumps({"mail": EMAIL}))):
        quarantined = base64.b64encode(body.encode()).decode()
        app.environment.quarantine.add(
            Quarantined(f"q{number}", "1", "joined", "odd", "text/plain", quarantined, app.clock.now())
        )
    app.environment.inbox.add(DeliverContact(1, 7, "joined", app.clock.now(), {"id": "7", "email": EMAIL}), app.clock.now())
    return app


def settle(app: App) -> None:
    """Until then the request itself names the address."""
    app.wait(901)
    app.reconcile()


def put_into_quarantine(app: App, quarantine_id: str, body: str) -> None:
    encoded = base64.b64encode(body.encode()).decode()
    app.environment.quarantine.add(Quarantined(quarantine_id, "1", "joined", "odd", "text/plain", encoded, app.clock.now()))


def _invited_by(row: Referral) -> Referral:
    referrer = Referrer(7, NAME, EMAIL, "code7", "https://example.com/canarylink")
    return replace(row, person=replace(row.person, referrer=referrer), written={**row.written, "custom_attributes.r": EMAIL})


def test_the_address_that_a_signup_was_delivered_under_finds_it_after_a_correction(app: App) -> None:
    person = replace(app.row(7).person, email="corrected@example.com")
    app.environment.referrals.update(1, 7, lambda row: replace(row, person=person))
    erase_person(app.environment, "mara", EMAIL)

    assert app.row(7).forgotten

    settle(app)

    assert not [canary for canary in (*CANARIES, "corrected@") if canary in stored(app)]


def test_nothing_of_the_person_is_left_in_any_table(app: App) -> None:
    assert all(canary in stored(app) for canary in CANARIES)
    assert "rows were deleted or emptied" in run(app, "erase", EMAIL.upper(), "--yes")

    settle(app)

    assert [line for line in stored(app).splitlines() if any(canary in line for canary in CANARIES)] == []
    assert app.row(7).state is State.ERASED
    assert app.row(8).person.email == "friend@example.com"
    assert app.row(8).person.referrer.user_id == 7
    assert json.loads(run(app, "export", EMAIL))["rows"] == []


def test_what_was_said_to_the_vendors_of_a_friend_goes_with_the_referrer_and_what_was_said_of_others_stays(app: App) -> None:
    """Such a call may name the referrer."""
    app.sign_up(id=9, email="stranger@example.com", first_name="Sue")
    call = VendorCall(app.clock.now(), "intercom.test", "POST", "/contacts", f'{{"referrer": "{EMAIL}"}}', 200, 9, "r1", "{}")
    app.environment.calls.keep(1, 8, [call])
    app.environment.calls.keep(1, 9, [replace(call, sent="{}")])

    erase_person(app.environment, "mara", EMAIL)

    assert list(app.environment.calls.of_person(1, 8, 10)) == []
    assert [one.sent for one in app.environment.calls.of_person(1, 9, 10)] == ["{}"]


def test_a_friend_of_whose_referrer_no_more_than_the_id_is_known_is_left_as_they_are(app: App) -> None:
    app.environment.referrals.update(1, 8, lambda row: replace(row, person=replace(row.person, referrer=Referrer(7))))
    before = app.row(8)

    erase_person(app.environment, "mara", EMAIL)

    assert app.row(8) == before
    assert app.row(7).forgotten


def test_erasing_wants_a_yes_and_may_be_repeated(app: App) -> None:
    with pytest.raises(OperatingError, match="--yes"):
        run(app, "erase", EMAIL)
    assert CANARIES[0] in stored(app)
    run(app, "erase", EMAIL, "--yes")
    assert run(app, "erase", EMAIL, "--yes").startswith("0 rows")


def test_the_export_holds_all_of_it(app: App) -> None:
    text = run(app, "export", EMAIL)
    assert all(canary in text.casefold() for canary in CANARIES)
    kinds = {row["sk"].partition("#")[0] for row in json.loads(text)["rows"]}
    assert {"REFERRAL", "PERSON", "QUARANTINE", "INBOX"} <= kinds


def test_who_erased_is_in_the_audit_without_the_address(app: App) -> None:
    run(app, "erase", EMAIL, "--yes")
    assert [change.what for change in app.environment.audit.list(1).items] == ["Erased a person by e-mail address."]


def test_neither_webhooks_nor_reconcile_nor_a_replay_bring_them_back(app: App) -> None:
    late = {"first_name": NAME, "url": "https://example.com/canarylink"}
    run(app, "erase", EMAIL, "--yes")
    app.sign_up("qualified", id=7, email=EMAIL, **late)
    app.move_due(7, replay=True)
    person = Person(7, email=EMAIL, first_name=NAME)

    row = app.environment.referrals.update(1, 7, lambda row: row.knowing(person, app.clock.now()))

    assert (row.state, row.person.email) == (State.ERASED, None)

    settle(app)

    assert CANARIES[0] not in stored(app)


@pytest.mark.parametrize(("referrer_id", "referrer_email"), [(7, None), (70, EMAIL)])
def test_a_friend_who_signs_up_later_does_not_report_the_referrer_again(
    app: App, referrer_id: int, referrer_email: str | None
) -> None:
    """Known by their id, or by their address under another id. Whoever else refers keeps their name."""
    run(app, "erase", EMAIL, "--yes")
    settle(app)
    named = {"referrer_first_name": NAME, "referrer_code": "canarylink", "referrer_email": referrer_email}

    app.sign_up(id=9, email="late@example.com", referrer_id=referrer_id, **named)

    assert app.row(9).person.referrer.user_id == referrer_id
    assert not [canary for canary in CANARIES if canary in stored(app)]

    app.sign_up(id=10, email="later@example.com", referrer_first_name="Rita")

    assert app.row(10).person.referrer.first_name == "Rita"


def test_who_signs_up_again_at_once_is_not_erased_a_second_time(app: App) -> None:
    run(app, "erase", EMAIL, "--yes")
    app.wait(10)
    app.sign_up(id=70, email=EMAIL, first_name=NAME)

    settle(app)

    assert app.row(70).person.first_name == NAME
    assert app.environment.erasures.requested(app.clock.now() + 10_000) == []


@pytest.mark.parametrize(("origin", "kept_out"), [(Origin.RECONCILE, True), (Origin.WEBHOOK, False)])
def test_under_another_id_only_a_new_signup_of_their_own_is_delivered(app: App, origin: Origin, kept_out: bool) -> None:
    run(app, "erase", EMAIL, "--yes")
    settle(app)
    person = Person(70, email=EMAIL, first_name=NAME)

    row = remember_signup(
        app.environment, 1, person, app.environment.campaigns.find(1), accepted_at=app.clock.now(), origin=origin, what="x"
    )

    assert (row.state is State.ERASED) == kept_out
    assert (CANARIES[0] not in stored(app)) == kept_out


def test_a_sync_leaves_them_out() -> None:
    app = SyncApp()
    app.choose()
    app.add(EMAIL, "other@example.com", name=NAME)
    app.environment.erasures.erase(EMAIL, app.clock.now(), lambda: 60.0)

    app.sync()

    assert CANARIES[0] not in stored(app)
    assert "other@example.com" in stored(app)


def test_an_admin_erases_and_exports_in_the_console(app: App) -> None:
    console = Console(app)
    exported = console.post("/api/people/export", {"email": EMAIL})

    assert all(canary in json.dumps(exported).casefold() for canary in CANARIES)

    erased, again = (console.post("/api/people/erase", {"email": email}) for email in (EMAIL.upper(), EMAIL))

    assert erased["rows"] > 3
    assert erased["message"] == "The person is erased."
    assert again["rows"] == 0
    assert again["message"] == "Nothing was stored about this address. It is kept out from now on."

    settle(app)

    assert [line for line in stored(app).splitlines() if any(canary in line for canary in CANARIES)] == []
    assert set(console.audit_lines()) == {"Exported a person by e-mail address.", "Erased a person by e-mail address."}


@pytest.mark.parametrize(("email", "status"), [("", 422), ("nobody", 400), ("@@@", 400), (None, 422)])
def test_the_console_erases_nobody_without_an_address(app: App, email: str | None, status: int) -> None:
    console = Console(app)
    for path in ("/api/people/erase", "/api/people/export"):
        assert console.call("POST", path, {"email": email}).status == status
    assert console.audit_lines() == []


def test_a_ledger_that_is_too_large_for_one_call_is_erased_by_reconcile(app: App) -> None:
    console = Console(app)
    app.context.seconds = 7.0
    answer = console.post("/api/people/erase", {"email": EMAIL})

    assert (answer["rows"], "within minutes" in answer["message"]) == (None, True)
    assert CANARIES[0] in stored(app)
    assert console.call("POST", "/api/people/export", {"email": EMAIL}).status == 503

    app.reconcile()  # its time is as short

    assert CANARIES[0] in stored(app)

    app.context.seconds = 45.0
    settle(app)

    assert CANARIES[0] not in stored(app)
    assert app.environment.erasures.requested(app.clock.now()) == []


def test_what_a_worker_was_about_to_write_is_taken_out_a_quarter_of_an_hour_later(app: App) -> None:
    run(app, "erase", EMAIL, "--yes")
    app.environment.people.lease("local-workspace", EMAIL, "a worker", app.clock.now(), 60.0)  # it had read the row before
    app.reconcile()

    assert CANARIES[0] in stored(app)

    settle(app)

    assert CANARIES[0] not in stored(app)


@pytest.mark.parametrize("setting", ["true", "false"])
def test_deleting_the_contact_in_intercom_erases_when_the_deployment_says_so(setting: str) -> None:
    app = App()
    app.settings = replace(app.settings, erase_deleted_contacts=setting)
    app.environment = app.new_environment()
    app.configure()
    app.sign_up(id=7, email=EMAIL, first_name=NAME)
    contact_id = app.contact(app.row(7).person.email or "").id
    app.intercom.contacts.delete(contact_id)
    app.wait(60)
    app.environment.qualification_queue.send(QualifyReferral("contact.deleted", app.clock.now(), contact_id=contact_id))
    app.qualify()

    settle(app)

    assert app.row(7).state is State.ERASED
    assert (CANARIES[0] in stored(app)) == (setting == "false")


@pytest.mark.parametrize("nobody", ["", " ", "x", "@", "a" * 300 + "@example.com"])
def test_what_is_no_address_erases_nobody(app: App, nobody: str) -> None:
    app.sign_up(id=9, email="")
    before = stored(app)
    for command in (("erase", nobody, "--yes"), ("export", nobody)):
        with pytest.raises(MalformedPayloadError):
            run(app, *command)
    assert stored(app) == before


def test_an_address_is_found_in_each_spelling(app: App) -> None:
    put_into_quarantine(app, "q9", json.dumps({"e": "Canary.Stone@Bücher.example"}))
    assert "1 rows" in run(app, "erase", "canary.stone@xn--bcher-kva.example", "--yes")


def test_a_sync_that_is_under_way_goes_on_without_them() -> None:
    app = SyncApp()
    app.choose()
    app.add(EMAIL, "other@example.com", name=NAME)
    app.wire.faults.add({"kind": "status", "status": 503, "method": "POST", "path": "^/api/v2/users", "id": "down"})
    app.start()
    app.drain(300)

    assert [CANARIES[0] in readable(chunk).casefold() for chunk in chunks(app)] == [True]

    erase_person(app.environment, "mara", EMAIL)

    assert [CANARIES[0] in readable(chunk).casefold() for chunk in chunks(app)] == [False]
    assert ["other@example.com" in readable(chunk) for chunk in chunks(app)] == [True]

    app.wire.faults.remove("down")
    app.drain()

    assert len(app.people("other@example.com")) == 1
    assert app.people(EMAIL) == []


def chunks(app: App) -> list[dict[str, Any]]:
    return [item for item in app.dynamodb.real.items("referrals") if item["sk"]["S"].startswith("CHUNK#")]


def test_a_row_that_changes_under_every_pass_is_tried_again_later(app: App) -> None:
    real = app.dynamodb.real.put_item

    def changed_meanwhile(**request: Any) -> Any:
        if request["Item"]["pk"]["S"].startswith("REFERRAL#"):
            raise client_error("PutItem", "ConditionalCheckFailedException")
        return real(**request)

    app.dynamodb.real.put_item = changed_meanwhile

    with pytest.raises(TransientError, match="change too often"):
        app.environment.erasures.erase(EMAIL, app.clock.now(), lambda: 60.0)

    app.dynamodb.real.put_item = real
    assert app.environment.erasures.erase(EMAIL, app.clock.now(), lambda: 60.0) > 0


@pytest.mark.parametrize(("seconds", "is_enough"), [(8.0, True), (7.99, False)])
def test_another_page_is_read_while_eight_seconds_are_left(app: App, seconds: float, is_enough: bool) -> None:
    app.context.seconds = seconds

    assert (erase_person(app.environment, "mara", EMAIL) is not None) is is_enough


def test_messages_that_name_somebody_else_stay(app: App) -> None:
    put_into_quarantine(app, "q9", json.dumps({"e": "other@example.com"}))
    app.environment.inbox.add(DeliverContact(1, 9, "joined", NOW, {"id": "9", "email": "other@example.com"}), NOW)

    erase_person(app.environment, "mara", EMAIL)

    assert [one.id for one in app.environment.quarantine.list(10).items] == ["q9"]
    assert len(app.rows_of("INBOX#")) == 1


def test_who_waits_longest_is_erased_first(app: App) -> None:
    erasures = app.environment.erasures
    for number, email in enumerate(("b@example.com", "a@example.com", "c@example.com")):
        erasures.request(email, app.clock.now() + number)

    assert erasures.requested(app.clock.now() + 1) == ["b@example.com", "a@example.com"]


def test_a_request_is_not_over_before_a_quarter_of_an_hour(app: App) -> None:
    erase_person(app.environment, "mara", EMAIL)
    asked_at = app.clock.now()

    assert app.environment.erasures.requested(asked_at + 899) == []
    assert app.environment.erasures.requested(asked_at + 900) == [EMAIL.lower()]

    app.wait(900)
    app.reconcile()

    assert app.environment.erasures.requested(asked_at + 100_000) == []


def test_who_was_erased_is_known_in_each_spelling_and_nobody_else(app: App) -> None:
    erasures = app.environment.erasures
    assert not erasures.anybody
    assert erasures.erased_at(EMAIL) is None
    assert erasures.erased_among([EMAIL]) == set()

    erase_person(app.environment, "mara", EMAIL)

    assert erasures.anybody
    assert erasures.erased_at(EMAIL.upper()) == app.clock.now()
    assert [erasures.erased_at(email) for email in ("other@example.com", None, "")] == [None] * 3
    assert erasures.erased_among([EMAIL.lower(), "other@example.com"]) == {EMAIL.lower()}
    assert app.new_environment().erasures.erased_at(EMAIL) == app.clock.now()


def test_while_nobody_was_ever_erased_a_worker_asks_every_half_minute(app: App) -> None:
    worker = app.new_environment().erasures
    assert not worker.anybody

    erase_person(app.environment, "mara", EMAIL)
    app.wait(29.9)

    assert not worker.anybody

    app.wait(0.1)

    assert worker.anybody
