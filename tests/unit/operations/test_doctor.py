"""The doctor: each check fails with what to do, and passes once that was done. What it asks of AWS is in tests/integration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from sandbox.vendors.intercom.attributes import update_attribute
from shared.domain.connection.connection import BreakerKind, Vendor
from tests.fakes.errors import client_error
from tests.support.builders import EMAIL, App, webhook_fields
from tests.support.deployed import changed
from tests.support.documents import mapping
from tools.doctor import __main__ as command
from tools.doctor import aws, vendors
from tools.doctor.__main__ import examine
from tools.doctor.deployment import Listening, LookedAt, Onlooker
from tools.doctor.finding import Finding, Level

ATTRIBUTE = "custom_attributes.referral_status"
TRACKED = {"trigger": {"kind": "attribute", "attribute": ATTRIBUTE, "initial_value": "New", "qualified_values": ["Connected"]}}


@pytest.fixture
def app() -> App:
    return App()


def deployment_of(app: App, **parameters: str) -> LookedAt:
    clients = {"dynamodb": app.dynamodb, "sqs": app.sqs, "secretsmanager": app.secrets}
    deployment = LookedAt("s", clients.__getitem__)
    environment = Onlooker(
        app.settings,
        clients.__getitem__,
        lambda _: Listening(app.wire, app.clock, deployment.skews),
        app.clock,
        app.chance,
        app.metrics,
    )
    outputs = {"WebhookUrl": "https://app.test/webhooks/referral-factory/{campaign_id}/joined"}
    given = {"Stage": "local", **parameters}
    return changed(deployment, status="UPDATE_COMPLETE", parameters=given, outputs=outputs, environment=environment)


def found(check: Callable[[LookedAt], Iterator[Finding]], app: App) -> list[Finding]:
    findings = list(check(deployment_of(app)))
    assert all(bool(one.do) == (one.level is not Level.GOOD) for one in findings), "who is alarmed is told what to do"
    return findings


def levels(findings: list[Finding]) -> dict[str, Level]:
    """Of each check the worst."""
    order = [Level.GOOD, Level.SKIPPED, Level.WARN, Level.BAD]
    return {one.check: max((two.level for two in findings if two.check == one.check), key=order.index) for one in findings}


def test_tokens_region_and_permissions_are_right(app: App) -> None:
    assert levels(found(vendors.check_intercom, app)) == dict.fromkeys(("tokens", "region", "permissions"), Level.GOOD)
    assert levels(found(vendors.check_referral_factory, app)) == {"tokens": Level.GOOD}


def test_a_vendor_that_is_not_connected(app: App) -> None:
    app.set_secret("intercom", access_token="")
    app.set_secret("referral_factory", api_key="")
    for check in (vendors.check_intercom, vendors.check_referral_factory):
        [finding] = found(check, app)
        assert finding.level is Level.BAD
        assert "page Connection" in finding.do
    assert app.calls() == []


def test_refused_credentials_stop_nothing(app: App) -> None:
    """The functions find out by themselves: this machine opens no breaker of theirs."""
    app.set_secret("intercom", access_token="wrong")
    app.set_secret("referral_factory", api_key="wrong")

    assert levels(found(vendors.check_intercom, app)) == {"tokens": Level.BAD}
    assert levels(found(vendors.check_referral_factory, app)) == {"tokens": Level.BAD}
    assert [app.environment.breakers.find(vendor) for vendor in Vendor] == [None, None]


def test_a_firewall_before_this_machine_stops_no_function(app: App) -> None:
    app.wire.refuse_connection("GET /api/v2/campaigns")
    [finding] = found(vendors.check_referral_factory, app)
    assert (finding.level, app.environment.breakers.find(Vendor.REFERRAL_FACTORY)) == (Level.SKIPPED, None)


def test_a_429_of_referral_factory_is_a_strike_whoever_called(app: App) -> None:
    app.wire.faults.add({"kind": "status", "status": 429, "path": "^/api/v2/campaigns"})
    found(vendors.check_referral_factory, app)
    assert app.environment.strikes.find(Vendor.REFERRAL_FACTORY).count == 1


def test_while_referral_factory_is_stopped_it_is_not_called(app: App) -> None:
    for at in (0.0, 100.0):
        app.environment.strikes.update(Vendor.REFERRAL_FACTORY, lambda strikes, at=at: strikes.struck(app.clock.now() + at))
    assert levels(found(vendors.check_referral_factory, app)) == {"tokens": Level.SKIPPED}
    assert app.calls("referral_factory") == []
    assert "stopped" in next(one.what for one in found(vendors.check_work, app))


def test_a_token_of_another_workspace(app: App) -> None:
    app.configure()
    app.sign_up()
    known = app.connection()

    app.environment.connections.save(replace(known, workspace_id="another"))

    bad = [one for one in found(vendors.check_intercom, app) if one.level is Level.BAD]
    assert ["another" in one.do for one in bad] == [True]


def test_another_region_than_the_workspaces(app: App) -> None:
    app.settings = replace(app.settings, intercom_region="EU")
    findings = found(vendors.check_intercom, app)
    assert levels(findings)["region"] is Level.BAD
    assert "IntercomRegion=US" in next(one.do for one in findings if one.check == "region")


def test_a_permission_that_is_missing_is_named(app: App) -> None:
    app.wire.faults.add({"kind": "status", "status": 403, "path": "^/tags"})
    findings = found(vendors.check_intercom, app)
    assert levels(findings)["permissions"] is Level.BAD
    assert "tags" in next(one.what for one in findings if one.check == "permissions").lower()


def test_attributes_that_the_workspace_lacks_are_named(app: App) -> None:
    assert levels(found(vendors.check_attributes, app)) == {"attributes": Level.BAD}, "no campaign is active"

    app.configure()

    assert levels(found(vendors.check_attributes, app)) == {"attributes": Level.GOOD}

    app.configure(person_invited={"mapping": mapping(("url", "custom_attributes.gone"))})
    [finding] = found(vendors.check_attributes, app)

    assert finding.level is Level.BAD
    assert "gone" in finding.what


def test_an_archived_attribute_is_named(app: App) -> None:
    app.configure(qualification=TRACKED)
    workspace = app.intercom.workspace
    update_attribute(workspace, str(workspace.attributes["contact", "referral_status"].id), {"archived": True})
    assert levels(found(vendors.check_attributes, app)) == {"attributes": Level.BAD}


def test_webhooks_are_missed_until_they_came(app: App) -> None:
    app.configure(qualification=TRACKED)
    findings = found(vendors.check_webhooks, app)

    assert [one.level for one in findings] == [Level.BAD, Level.BAD]
    assert "https://app.test/webhooks/referral-factory/1/joined" in findings[0].do

    app.sign_up()
    app.environment.figures.received(Vendor.INTERCOM, "contact.user.updated", app.clock.now())
    app.environment.flush()
    app.wait(7_300)
    findings = found(vendors.check_webhooks, app)

    assert [one.level for one in findings] == [Level.GOOD, Level.GOOD]
    assert "2 hours ago" in findings[0].what


def test_rotations_that_were_not_ended(app: App) -> None:
    assert levels(found(vendors.check_secrets, app)) == {"secrets": Level.GOOD}

    app.set_secret("webhook", current="one", next="two")
    app.set_secret("intercom_app", client_secret="one", client_secret_next="two")

    assert [one.level for one in found(vendors.check_secrets, app)] == [Level.WARN, Level.WARN]

    app.set_secret("webhook", current="", next="")
    app.set_secret("intercom", access_token="t", client_secret="s")

    assert [one.level for one in found(vendors.check_secrets, app)].count(Level.BAD) == 2


def test_a_next_secret_that_came_is_to_be_switched_over(app: App) -> None:
    app.configure()
    app.set_secret("webhook", current="one", next="two")
    app.wait(600)
    app.post(webhook_fields(), secret="two")
    app.work()

    [finding] = found(vendors.check_secrets, app)

    assert "Switch over" in finding.do


def test_a_webhook_secret_of_long_ago(app: App) -> None:
    app.wait(401 * 86_400)
    [finding] = found(vendors.check_secrets, app)
    assert (finding.level, "401 days" in finding.what) == (Level.WARN, True)


def test_contacts_that_somebody_else_makes_for_signups_show_the_other_integration(app: App) -> None:
    app.configure()

    assert levels(found(vendors.check_own_integration, app)) == {"integration": Level.SKIPPED}

    app.given(age=86_400.0 * 30, email="old.customer@example.com")
    app.sign_up()
    app.sign_up(id=43, email="old.customer@example.com")

    assert levels(found(vendors.check_own_integration, app)) == {"integration": Level.GOOD}

    app.given(age=-600.0)  # ten minutes after the signup
    [finding] = found(vendors.check_own_integration, app)

    assert finding.level is Level.BAD
    assert "1 of the last 2" in finding.what
    assert EMAIL not in str(finding)


def test_what_the_application_knows_to_be_wrong_is_said(app: App) -> None:
    app.configure()
    app.sweep()

    assert levels(found(vendors.check_work, app)) == {"work": Level.GOOD}

    app.environment.intercom_guard.pause(BreakerKind.FAILING, 30.0)
    app.wait(3_600)

    assert levels(found(vendors.check_work, app)) == {"work": Level.BAD}


@pytest.mark.parametrize(
    ("status", "level"),
    [
        ("CREATE_COMPLETE", Level.GOOD),
        ("UPDATE_IN_PROGRESS", Level.WARN),
        ("UPDATE_ROLLBACK_COMPLETE", Level.BAD),
        ("ROLLBACK_FAILED", Level.BAD),
    ],
)
def test_the_stack_itself(app: App, status: str, level: Level) -> None:
    [finding] = aws.check_stack(changed(deployment_of(app), status=status))
    assert finding.level is level


@pytest.mark.parametrize(
    ("skews", "level"),
    [
        ({"AWS": -2.0, "api.intercom.io": -1.0}, Level.GOOD),
        ({"AWS": 90.0, "api.intercom.io": 91.0}, Level.BAD),
        ({"AWS": 0.0, "api.intercom.io": 75.0}, Level.BAD),
    ],
)
def test_clocks(app: App, skews: dict[str, float], level: Level) -> None:
    [finding] = aws.check_clock(changed(deployment_of(app), skews=skews))
    assert finding.level is level


def test_a_vendors_clock_is_read_off_its_answers(app: App) -> None:
    deployment = deployment_of(app)
    app.wire.faults.add({"kind": "status", "status": 503, "path": "^/me", "headers": {"Date": "Sun, 22 Nov 2026 00:02:00 GMT"}})
    list(vendors.check_intercom(deployment))

    [finding] = aws.check_clock(deployment)

    assert "intercom.test is 120 s ahead of AWS" in finding.what


def test_one_check_that_cannot_look_stops_no_other(app: App) -> None:
    def forbidden(_: LookedAt) -> Iterator[Finding]:
        raise client_error("GetSchedule", "AccessDeniedException")
        yield

    app.configure()
    app.secrets.refuse("get_secret_value", times=100)
    findings = list(examine(deployment_of(app), (forbidden, vendors.check_intercom, vendors.check_webhooks)))

    assert [one.level for one in findings][:3] == [Level.SKIPPED, Level.BAD, Level.BAD]
    assert "GetSchedule" in findings[0].what
    assert all("→" in str(one) for one in findings)


def test_the_exit_code_is_0_only_while_nothing_is_bad(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [vendors.check_intercom, vendors.check_referral_factory, vendors.check_attributes, vendors.check_webhooks]
    monkeypatch.setattr(command, "look_at", lambda stack, client: deployment_of(app))
    monkeypatch.setattr(command, "CHECKS", (*checks, vendors.check_work))

    app.configure(qualification={"trigger": {"kind": "none"}})
    app.sweep()

    assert command.main(["--stack", "s"]) == 1

    app.sign_up()
    app.environment.flush()

    assert command.main(["--stack", "s"]) == 0

    for wrong in ([], ["local", "--stack", "s"]):
        with pytest.raises(SystemExit):
            command.main(wrong)
