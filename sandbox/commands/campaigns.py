"""``python -m sandbox campaigns diff|load [FILES…]``: campaign settings kept in git go through the API, with a diff first.

Works with the local stack and, given ``--url`` and ``--token``, with any other deployment.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from sandbox.stack.errors import StackError
from sandbox.stack.ports import HOST
from sandbox.stack.print_token import issue_token
from sandbox.stack.settings import read_port
from shared.adapters.admin.strict_json import read_object
from shared.errors import MalformedPayloadError

FOLDER = Path("campaigns")
CALL_SECONDS = 35  # the API gives up after 30
SAME, DIFFERENT, FAILED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Change:
    """A file beside what is deployed. ``etag`` None: the campaign has no settings yet."""

    path: Path
    document: dict[str, Any]
    deployed: dict[str, Any] | None
    etag: str | None

    @property
    def kind(self) -> str:
        if self.deployed is None:
            return "new"
        return "unchanged" if self.deployed == self.document else "changed"

    def diff(self) -> str:
        """Unified, of both as sorted JSON."""
        name = f"campaign {self.document['campaign_id']}"
        old, new = (_lines(document) for document in (self.deployed, self.document))
        return "\n".join(difflib.unified_diff(old, new, f"{name}, deployed", str(self.path), lineterm=""))


class Api:
    """The admin API of one deployment. Raises StackError with what it answered."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._http = requests.Session()
        self._http.trust_env = urlsplit(url).hostname not in (HOST, "localhost")
        self._http.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        self._http.close()

    def compare(self, path: Path, document: dict[str, Any]) -> Change:
        """The file beside what is deployed."""
        answer = self._call("GET", document)
        if answer.status_code == 404:
            return Change(path, document, None, None)
        if answer.status_code != 200:
            raise StackError(f"{path}: {_describe(answer)}")
        return Change(path, document, answer.json(), answer.headers["ETag"])

    def save(self, change: Change) -> str:
        """What happened, with the API's warnings. Saves only over the version that the diff was made with."""
        headers = {"If-Match": change.etag} if change.etag else {"If-None-Match": "*"}
        answer = self._call("PUT", change.document, json=change.document, headers=headers)
        if answer.status_code not in (200, 201):
            raise StackError(f"{change.path}: {_describe(answer)}")
        saved = answer.json()
        return "\n".join([f"{change.path}: saved as version {saved['version']}", *_remarks(saved["warnings"])])

    def _call(self, method: str, document: dict[str, Any], **more: Any) -> requests.Response:
        address = f"{self._url}/api/campaigns/{document['campaign_id']}"
        try:
            return self._http.request(method, address, timeout=CALL_SECONDS, allow_redirects=False, **more)
        except requests.RequestException as error:
            raise StackError(f"{self._url} does not answer ({type(error).__name__}).") from None


def main(arguments: list[str], ask: Callable[[str], str] = input) -> int:
    """``diff``: 0 nothing to do, 1 differences. ``load``: 0 all saved, 1 not wanted. Both: 2 when something is wrong."""
    options = _parser().parse_args(arguments)
    try:
        documents = [(path, _read(path)) for path in options.files or _own_files()]
        port = read_port()
        api = Api(options.url or f"http://{HOST}:{port}", options.token or _local_token(options.url, port))
        try:
            return _run(api, documents, options, ask)
        finally:
            api.close()
    except StackError as error:
        print(error, file=sys.stderr)
        return FAILED


def _run(api: Api, documents: Sequence[tuple[Path, Any]], options: argparse.Namespace, ask: Callable[[str], str]) -> int:
    changes = [api.compare(path, document) for path, document in documents]
    for change in changes:
        print(f"{change.path}: {change.kind}")
        if change.kind != "unchanged":
            print(change.diff())
    waiting = [change for change in changes if change.kind != "unchanged"]
    if options.command == "diff" or not waiting:
        return DIFFERENT if waiting else SAME
    if not options.yes and ask(f"Save {len(waiting)} of {len(changes)}? [y/N] ").strip().lower() not in ("y", "yes"):
        print("Nothing was saved.")
        return DIFFERENT
    failed = False
    for change in waiting:
        try:
            print(api.save(change))
        except StackError as error:
            failed = True
            print(error, file=sys.stderr)
    return FAILED if failed else SAME


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox campaigns", description="Campaign settings from files.")
    parser.add_argument("command", choices=("diff", "load"), help="show what differs, or show it and save")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help=f"default: {FOLDER}/*.json")
    parser.add_argument(
        "--url", default=os.environ.get("API_URL", ""), help="the application (API_URL; default: the local one)"
    )
    parser.add_argument("--token", default=os.environ.get("API_TOKEN", ""), help="bearer token (API_TOKEN; needed with --url)")
    parser.add_argument("--yes", action="store_true", help="load without asking")
    return parser


def _own_files() -> list[Path]:
    files = sorted(FOLDER.glob("*.json"))
    if not files:
        raise StackError(f"There is no file in {FOLDER}/ and none was named.")
    return files


def _local_token(url: str, port: int) -> str:
    if url:
        raise StackError("--url needs --token: a token of that deployment's sign-in.")
    return issue_token("mara", port)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = read_object(path.read_bytes())
    except (OSError, MalformedPayloadError) as error:
        raise StackError(f"{path}: {error}") from None
    if type(document.get("campaign_id")) is not int:
        raise StackError(f"{path}: campaign_id is missing or no whole number.")
    return document


def _lines(document: dict[str, Any] | None) -> list[str]:
    return [] if document is None else json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


def _describe(answer: requests.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    said = problem.get("detail") or problem.get("message") or answer.reason
    return "\n".join([f"{answer.status_code} {said}", *_remarks(problem.get("errors", []))])


def _remarks(remarks: Sequence[dict[str, str]]) -> list[str]:
    return [f"  {remark['place']}: {remark['message']}" if remark["place"] else f"  {remark['message']}" for remark in remarks]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
