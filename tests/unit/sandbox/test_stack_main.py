"""``python -m sandbox``: what it says when it cannot even begin."""

from __future__ import annotations

import sys

import pytest

from sandbox import __main__ as program


def test_an_old_python_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    assert program.main(["run"]) == 1
    assert capsys.readouterr().err == "Python 3.11 or newer is needed; this is 3.10.\n"


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(program.COMMANDS, "run", ("a_package_nobody_has", ""))
    assert program.main(["run"]) == 1
    assert "a_package_nobody_has is missing; `make install`" in capsys.readouterr().err


def test_every_command_is_described_and_can_be_imported(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--help"]) == 0
    printed = capsys.readouterr().out
    for name in program.COMMANDS:
        assert f"  {name} " in printed
        with pytest.raises(SystemExit) as ended:
            program.main([name, "--help"])
        assert ended.value.code == 0


def test_a_wrong_port_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PORT", "eighty")
    assert program.main(["run"]) == 1
    assert capsys.readouterr().err == "PORT must be a number, not 'eighty'.\n"
