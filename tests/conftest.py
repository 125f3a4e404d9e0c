"""How a run is shared among workers, what it says at its end of tests that it left out, and what no test leaves behind."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

DESCRIPTION = "Intercom's description is not there"


@pytest.fixture(autouse=True)
def _log_is_on_again() -> Iterator[None]:
    """Commands that print what they do switch the log off for their process, which here is that of other tests too."""
    yield
    logging.disable(logging.NOTSET)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """For ``--dist loadfile``. Imported here, since runs without xdist read this file too."""
    if config.getoption("dist") != "loadfile":
        return None
    from tests.support.sharing import ByFile

    return ByFile(config, log)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Against Intercom's own description nothing was compared: that must not pass in silence."""
    left_out = [one for one in terminalreporter.stats.get("skipped", ()) if DESCRIPTION in str(one.longrepr)]
    if left_out:
        terminalreporter.write_sep("!", "Intercom's description is missing", red=True, bold=True)
        terminalreporter.write_line(
            f"{len(left_out)} tests that compare with it were left out. Name the file in INTERCOM_DESCRIPTION (openapi 2.16 of "
            "https://github.com/intercom/Intercom-OpenAPI); NEED_INTERCOM_DESCRIPTION=1 makes this a failure."
        )
