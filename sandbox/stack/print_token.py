"""``python -m sandbox token``: a bearer token for the running local stack."""

from __future__ import annotations

import argparse
import json

from sandbox import tokens
from sandbox.stack.errors import StackError
from sandbox.stack.ports import HOST, OPENER
from sandbox.stack.settings import read_port
from sandbox.stack.stack import KEY


def main(arguments: list[str]) -> int:
    """Print the token as the last line. StackError when no stack of this checkout runs on that port."""
    parser = argparse.ArgumentParser(prog="python -m sandbox token", description=__doc__.partition(": ")[2])
    parser.add_argument("--person", choices=sorted(tokens.PEOPLE), default="mara", help="who signs in (mara)")
    parser.add_argument("--port", type=int, help="the stack's first port (default: PORT, else 8000)")
    options = parser.parse_args(arguments)
    port = read_port() if options.port is None else options.port
    print(issue_token(options.person, port))
    return 0


def issue_token(person: str, port: int) -> str:
    """A token that the stack on that port accepts."""
    address = f"http://{HOST}:{port + 4}"
    try:
        with OPENER.open(f"{address}/keys", timeout=5) as answer:
            known = {key.get("kid") for key in json.load(answer)["keys"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StackError(f"No local stack signs people in at {address}. Start one with make run, or name its PORT=.") from error
    if not KEY.exists() or (signer := tokens.Signer(tokens.load_key(KEY), address)).key_id not in known:
        raise StackError(f"The stack at {address} belongs to another checkout: its key is not the one here.")
    return signer.issue(person)
