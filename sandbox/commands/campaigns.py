"""``python -m sandbox campaigns diff|load [FILES…]``, ``delete ID``: campaign settings kept in git, with a diff first.

Works with the local stack; with ``--stack NAME`` on AWS, signed in by the usual AWS credentials, as ``tools.operate`` is;
and with ``--url`` against any deployment, with a token in the environment.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sandbox.commands.campaign_places import ApiPlace, Change, Place, StackPlace
from sandbox.stack.errors import StackError
from sandbox.stack.ports import HOST
from sandbox.stack.print_token import issue_token
from sandbox.stack.settings import read_port
from shared.adapters.admin.strict_json import read_object
from shared.errors import MalformedPayloadError

FOLDER = Path("campaigns")
SAME, DIFFERENT, FAILED = 0, 1, 2
Ask = Callable[[str], str]


def main(arguments: list[str], ask: Ask = input) -> int:
    """``diff``: 0 nothing to do, 1 differences. ``load``, ``delete``: 0 all done, 1 not wanted. 2 when something is wrong."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "delete":
            campaign_ids = [_id_of(name) for name in options.files]
            documents = []
        else:
            documents = [(path, _read(path)) for path in map(Path, options.files or _own_files())]
        place = place_of(options)
        try:
            if options.command == "delete":
                return _delete(place, campaign_ids, options, ask)
            return _compare(place, documents, options, ask)
        finally:
            place.close()
    except StackError as error:
        print(error, file=sys.stderr)
        return FAILED


def place_of(options: argparse.Namespace) -> Place:
    """Where the settings are. Raises StackError."""
    if options.stack:
        return StackPlace(options.stack)
    if not options.url:
        port = read_port()
        return ApiPlace(f"http://{HOST}:{port}", issue_token("mara", port))
    token = os.environ.get("API_TOKEN", "")
    if not token:
        raise StackError("--url needs API_TOKEN in the environment: a token of that deployment's sign-in. On AWS use --stack.")
    return ApiPlace(options.url, token)


def _compare(place: Place, documents: Sequence[tuple[Path, Any]], options: argparse.Namespace, ask: Ask) -> int:
    changes = [place.compare(path, document) for path, document in documents]
    for change in changes:
        print(f"{change.path}: {change.kind}")
        if change.kind != "unchanged":
            print(_diff(change))
    waiting = [change for change in changes if change.kind != "unchanged"]
    if options.command == "diff" or not waiting:
        return DIFFERENT if waiting else SAME
    if not options.yes and not _agrees(ask, f"Save {len(waiting)} of {len(changes)}?"):
        print("Nothing was saved.")
        return DIFFERENT
    failed = False
    for change in waiting:
        try:
            print(place.save(change))
        except StackError as error:
            failed = True
            print(error, file=sys.stderr)
    return FAILED if failed else SAME


def _delete(place: Place, campaign_ids: Sequence[int], options: argparse.Namespace, ask: Ask) -> int:
    """What it means is said before anybody is asked."""
    if not campaign_ids:
        raise StackError("Name the campaign: python -m sandbox campaigns delete 1")
    for campaign_id in campaign_ids:
        version, means = place.meaning_of_deletion(campaign_id)
        print("\n".join([f"Deleting campaign {campaign_id}, version {version}:", *(f"  {sentence}" for sentence in means)]))
        if not options.yes and not _agrees(ask, f"Delete campaign {campaign_id}?"):
            print("Nothing was deleted.")
            return DIFFERENT
        print(place.delete(campaign_id, version))
        print(f"Delete {FOLDER}/{campaign_id}.json as well, or the next load brings the campaign back.")
    return SAME


def _agrees(ask: Ask, question: str) -> bool:
    return ask(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox campaigns", description="Campaign settings from files.")
    parser.add_argument(
        "command", choices=("diff", "load", "delete"), help="show what differs; show it and save; delete by campaign id"
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help=f"named by the campaign's id; default: {FOLDER}/*.json")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--stack", help="the CloudFormation stack on AWS, reached with your AWS credentials")
    where.add_argument(
        "--url", default=os.environ.get("API_URL", ""), help="another deployment (API_URL), with its token in API_TOKEN"
    )
    parser.add_argument("--yes", action="store_true", help="without asking, for automation")
    return parser


def _own_files() -> list[Path]:
    files = sorted(FOLDER.glob("*.json"))
    if not files:
        raise StackError(f"There is no file in {FOLDER}/ and none was named.")
    return files


def _read(path: Path) -> dict[str, Any]:
    try:
        document = read_object(path.read_bytes())
    except (OSError, MalformedPayloadError) as error:
        raise StackError(f"{path}: {error}") from None
    if type(document.get("campaign_id")) is not int:
        raise StackError(f"{path}: campaign_id is missing or no whole number.")
    if path.name != (name := f"{document['campaign_id']}.json"):
        raise StackError(f"{path}: the settings are of campaign {document['campaign_id']}; rename the file to {name}.")
    return document


def _id_of(name: str) -> int:
    stem = Path(name).stem
    if not (stem.isascii() and stem.isdigit() and int(stem) > 0):
        raise StackError(f"{name} is no campaign id.")
    return int(stem)


def _diff(change: Change) -> str:
    """Unified, of both as sorted JSON."""
    name = f"campaign {change.document['campaign_id']}"
    old, new = (_lines(document) for document in (change.deployed, change.document))
    return "\n".join(difflib.unified_diff(old, new, f"{name}, deployed", str(change.path), lineterm=""))


def _lines(document: dict[str, Any] | None) -> list[str]:
    return [] if document is None else json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
