"""The environment of a function: what is missing is named at start, and only the vendors' hosts are let in."""

from __future__ import annotations

import pytest

from shared.config import INTERCOM_HOSTS, MAY_BE_EMPTY, REQUIRED, Settings, settings_of
from shared.errors import ConfigurationError

HOST = "https://referral-factory.com/api/v2"


def variables(function: str, **changes: str) -> dict[str, str]:
    """Everything that the function needs."""
    needed = dict.fromkeys(REQUIRED[function], "x")
    known = {
        "STAGE": "prod",
        "INTERCOM_REGION": "US",
        "DELIVERY_CONCURRENCY": "3",
        "SYNC_CONCURRENCY": "2",
        "MOST_UNKNOWN_SIGNUPS": "20",
        "INTERCOM_API_URL": "",
        "REFERRAL_FACTORY_API_URL": HOST,
    }
    known["SYNTHETIC_SIGNUP_URL"] = "https://api.example.com/webhooks/referral-factory/1/joined"
    return {**{name: known.get(name, value) for name, value in needed.items()}, **changes}


@pytest.mark.parametrize(("function", "name"), [(one, name) for one in REQUIRED for name in REQUIRED[one]])
def test_a_missing_variable_is_named_at_start(function: str, name: str) -> None:
    given = variables(function)
    del given[name]
    with pytest.raises(ConfigurationError, match=f"{function} needs the environment variables {name}$"):
        settings_of(given, function)


@pytest.mark.parametrize("function", REQUIRED)
def test_an_empty_variable_counts_as_missing_unless_it_may_be_empty(function: str) -> None:
    for name in REQUIRED[function]:
        given = variables(function, **{name: ""})
        if name in MAY_BE_EMPTY:
            settings_of(given, function)
        else:
            with pytest.raises(ConfigurationError, match=name):
                settings_of(given, function)


def test_all_missing_variables_are_named_together() -> None:
    with pytest.raises(ConfigurationError, match="STAGE, CAMPAIGNS_TABLE, REFERRALS_TABLE, DELIVERY_QUEUE_URL"):
        settings_of({}, "sweep")


def test_variables_of_others_are_no_business_of_a_function() -> None:
    settings = settings_of({**variables("sweep"), "PATH": "/bin", "WEBHOOK_SECRET_ARN": "arn"}, "sweep")
    assert settings.stage == "prod"
    assert settings.delivery_queue_url == "x"
    assert settings.webhook_secret_arn == "arn"


def test_intercoms_limit_is_divided_by_all_workers() -> None:
    settings = settings_of(variables("deliver_contact", DELIVERY_CONCURRENCY="200", SYNC_CONCURRENCY="8"), "deliver_contact")
    assert settings.intercom_workers == 218


@pytest.mark.parametrize("number", ["0", "-1", "many", "3.0", "10000"])
def test_a_concurrency_that_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(ConfigurationError, match="DELIVERY_CONCURRENCY is a number"):
        settings_of(variables("deliver_contact", DELIVERY_CONCURRENCY=number), "deliver_contact")


@pytest.mark.parametrize("region", INTERCOM_HOSTS)
def test_each_region_has_its_own_host(region: str) -> None:
    assert (
        settings_of(variables("deliver_contact", INTERCOM_REGION=region), "deliver_contact").intercom_url
        == (INTERCOM_HOSTS[region])
    )


def test_an_unknown_region_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="INTERCOM_REGION is one of US, EU, AU, not XX"):
        settings_of(variables("deliver_contact", INTERCOM_REGION="XX"), "deliver_contact")


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9", "https://api.intercom.io.evil.test", "http://api.intercom.io", "https://api.intercom.io:1"],
)
def test_only_a_local_stack_may_talk_to_other_hosts(address: str) -> None:
    with pytest.raises(ConfigurationError, match="INTERCOM_API_URL is not one of the vendor's hosts"):
        settings_of(variables("deliver_contact", INTERCOM_API_URL=address), "deliver_contact")
    local = settings_of(variables("deliver_contact", INTERCOM_API_URL=address, STAGE="local"), "deliver_contact")
    assert local.intercom_url == address


def test_referral_factory_has_a_closed_list_of_hosts_as_well() -> None:
    with pytest.raises(ConfigurationError, match="REFERRAL_FACTORY_API_URL"):
        settings_of(variables("reconcile", REFERRAL_FACTORY_API_URL="https://example.test/api/v2"), "reconcile")


def test_the_webhook_secret_leaves_this_machine_by_https_only() -> None:
    address = "http://127.0.0.1:8000/webhooks/referral-factory/1/joined"
    with pytest.raises(ConfigurationError, match="SYNTHETIC_SIGNUP_URL is not https"):
        settings_of(variables("synthetic_signup", SYNTHETIC_SIGNUP_URL=address), "synthetic_signup")
    settings_of(variables("synthetic_signup", SYNTHETIC_SIGNUP_URL=address, STAGE="local"), "synthetic_signup")


def test_settings_that_nobody_gave_are_empty() -> None:
    assert Settings().stage == ""
    assert Settings().intercom_url == INTERCOM_HOSTS["US"]


@pytest.mark.parametrize(
    ("stage", "address", "configured", "limit"),
    [
        ("prod", HOST, "300", 300),
        ("prod", HOST, "480", 480),
        ("dev", HOST, "300", 60),
        ("dev", HOST, "30", 30),
        ("local", HOST, "300", 60),
        ("local", "http://127.0.0.1:8002/api/v2", "300", 300),
    ],
)
def test_outside_production_only_a_stand_in_is_called_at_full_pace(
    stage: str, address: str, configured: str, limit: int
) -> None:
    changes = {"STAGE": stage, "REFERRAL_FACTORY_API_URL": address, "REFERRAL_FACTORY_CALLS_PER_MINUTE": configured}
    assert settings_of(variables("reconcile", **changes), "reconcile").referral_factory_limit == limit


@pytest.mark.parametrize("configured", ["0", "481", "600", "-1", "many", "3.5", ""])
def test_no_pace_above_480_is_taken(configured: str) -> None:
    with pytest.raises(ConfigurationError, match="REFERRAL_FACTORY_CALLS_PER_MINUTE"):
        settings_of(variables("reconcile", REFERRAL_FACTORY_CALLS_PER_MINUTE=configured), "reconcile")


def test_each_region_has_its_host() -> None:
    assert INTERCOM_HOSTS == {
        "US": "https://api.intercom.io",
        "EU": "https://api.eu.intercom.io",
        "AU": "https://api.au.intercom.io",
    }
