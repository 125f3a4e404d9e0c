"""``python -m sandbox sync CAMPAIGN``: sync a campaign's contacts through the API and show how far it is.

Works with the local stack and, given ``--url`` and a token in API_TOKEN, with any other deployment. On AWS `tools.operate sync`
needs no token.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any

import requests

from sandbox.stack.errors import StackError
from sandbox.stack.ports import HOST
from sandbox.stack.print_token import issue_token
from sandbox.stack.settings import read_port
from tools.follow_sync import FINISHED, follow, summary

CALL_SECONDS = 35  # the API gives up after 30


class SyncApi:
    """The sync runs of one campaign over the admin API. Raises StackError with what it answered. ``token``: makes one that is
    valid now, for a run may outlive it."""

    def __init__(self, url: str, token: Callable[[], str], campaign_id: int) -> None:
        self._address = f"{url.rstrip('/')}/api/campaigns/{campaign_id}/syncs"
        self._token = token
        self._http = requests.Session()
        self._http.trust_env = False

    def close(self) -> None:
        self._http.close()

    def newest(self) -> dict[str, Any] | None:
        items = self._call("GET", "?limit=1")["items"]
        return dict(items[0]) if items else None

    def start(self) -> dict[str, Any]:
        return self._call("POST")

    def read(self, run_id: str) -> dict[str, Any]:
        return self._call("GET", f"/{run_id}")

    def cancel(self, run_id: str) -> dict[str, Any]:
        return self._call("POST", f"/{run_id}/cancel")

    def _call(self, method: str, path: str = "") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            answer = self._http.request(
                method, self._address + path, headers=headers, timeout=CALL_SECONDS, allow_redirects=False
            )
            document: dict[str, Any] = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise StackError(f"{self._address} gives no answer that can be read ({type(error).__name__}).") from None
        if answer.status_code not in (200, 202):
            said = [document.get("detail") or document.get("message") or answer.reason]
            said += [f"  {problem['place']}: {problem['message']}" for problem in document.get("errors", [])]
            raise StackError("\n".join(said))
        return document


def main(arguments: list[str]) -> int:
    """0 when the run is done, 1 when it ended otherwise or could not be started."""
    options = _parser().parse_args(arguments)
    api = SyncApi(*_where(options), options.campaign)
    try:
        run = api.newest()
        is_open = run is not None and run["state"] not in FINISHED
        if options.cancel:
            if run is None or not is_open:
                raise StackError("No run is open.")
            run = api.cancel(run["run_id"])
        else:
            if run is None or not is_open or options.once:
                run = api.start()
            run_id = run["run_id"]
            run = dict(follow(lambda: api.read(run_id)))
    finally:
        api.close()
    print("\n".join(summary(run)))
    return 0 if run["state"] == "done" or options.cancel else 1


def _where(options: argparse.Namespace) -> tuple[str, Callable[[], str]]:
    if options.url:
        token = os.environ.get("API_TOKEN", "")
        if not token:
            raise StackError("--url needs API_TOKEN in the environment: a token of that deployment's sign-in.")
        return options.url, lambda: token
    port = read_port()
    return f"http://{HOST}:{port}", lambda: issue_token("mara", port)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox sync", description="Give a campaign's Intercom contacts their links, and show how far it is."
    )
    parser.add_argument("campaign", type=int, metavar="CAMPAIGN", help="the campaign's id")
    parser.add_argument("--once", action="store_true", help="start a run; without it an open run is followed, if there is one")
    parser.add_argument("--cancel", action="store_true", help="cancel the open run")
    parser.add_argument(
        "--url", default=os.environ.get("API_URL", ""), help="another deployment (API_URL), with its token in API_TOKEN"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
