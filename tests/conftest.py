"""What a run says at its end of tests that it left out."""

from __future__ import annotations

from typing import Any

DESCRIPTION = "Intercom's description is not there"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Against Intercom's own description nothing was compared: that must not pass in silence."""
    left_out = [one for one in terminalreporter.stats.get("skipped", ()) if DESCRIPTION in str(one.longrepr)]
    if left_out:
        terminalreporter.write_sep("!", "Intercom's description is missing", red=True, bold=True)
        terminalreporter.write_line(
            f"{len(left_out)} tests that compare with it were left out. Name the file in INTERCOM_DESCRIPTION (openapi 2.16 of "
            "https://github.com/intercom/Intercom-OpenAPI); NEED_INTERCOM_DESCRIPTION=1 makes this a failure."
        )
