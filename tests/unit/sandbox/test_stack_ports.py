"""The five ports of a stack."""

from __future__ import annotations

import pytest

from sandbox.stack.errors import PortTakenError, StackError
from sandbox.stack.ports import ROLES, reserve_ports
from sandbox.stack.settings import StackSettings


def test_a_taken_port_is_named_with_who_needs_it_and_what_to_do() -> None:
    taken = reserve_ports(0)
    try:
        for offset in range(5):
            with pytest.raises(PortTakenError, match=rf"Port {taken.base} is taken .*{ROLES[offset]}.*PORT="):
                reserve_ports(taken.base - offset)
    finally:
        taken.listener.close()


def test_a_port_nothing_will_listen_on_may_be_taken() -> None:
    taken = reserve_ports(0)
    try:
        family = reserve_ports(taken.base - 2, frozenset({2}))
        family.listener.close()
        assert family.referral_factory == taken.base
    finally:
        taken.listener.close()


def test_two_stacks_never_get_the_same_free_ports() -> None:
    families = [reserve_ports(0) for _ in range(5)]
    for family in families:
        family.listener.close()
    assert len({family.base // 5 for family in families}) == 5


@pytest.mark.parametrize("base", [80, 65_533])
def test_a_family_must_fit(base: int) -> None:
    with pytest.raises(PortTakenError, match=f"PORT={base} does not fit"):
        reserve_ports(base)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("INTERCOM_API_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("WEBHOOK_SECRET", "mine")

    settings = StackSettings.from_environment(search_lag=3.0)

    assert settings.port == 9000
    assert settings.intercom_url == "http://127.0.0.1:1"
    assert settings.referral_factory_url is None
    assert (settings.webhook_secret, settings.search_lag) == ("mine", 3.0)


@pytest.mark.parametrize(("name", "value"), [("PORT", "eighty"), ("INTERCOM_API_URL", "127.0.0.1:1")])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(StackError, match=name):
        StackSettings.from_environment()
