"""What a local stack is made of."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.stack.errors import StackError
from sandbox.stack.ministack import ROOT, VENV
from sandbox.stack.ports import HOST


@dataclass(frozen=True, slots=True)
class StackSettings:
    """What a local stack is made of. ``port`` 0: any free family. An API address given: no stand-in for that side."""

    port: int = 0
    template: Path = ROOT / "template.yaml"
    intercom_url: str | None = None
    referral_factory_url: str | None = None
    """Ends in ``/api/v2``."""
    intercom_token: str = "local-intercom-token"
    referral_factory_key: str = "local-referral-factory-key"
    webhook_secret: str = "local-webhook-secret"
    intercom_client_secret: str = "local-client-secret"
    search_lag: float | None = None
    """Seconds until the stand-in of Intercom finds a new contact by search; None: its own default."""
    parameters: dict[str, str] = field(default_factory=dict)
    """Further template parameters; they win over ours."""
    venv: Path = VENV
    keep: bool = False
    """Keep the state folder with all logs."""
    log_level: str = "WARNING"

    @classmethod
    def from_environment(cls, **changes: Any) -> StackSettings:
        """As the environment says (PORT, INTERCOM_API_URL, WEBHOOK_SECRET …); ``changes`` win."""
        names = {
            "intercom_url": "INTERCOM_API_URL",
            "referral_factory_url": "REFERRAL_FACTORY_API_URL",
            "intercom_token": "INTERCOM_ACCESS_TOKEN",
            "referral_factory_key": "REFERRAL_FACTORY_API_KEY",
            "webhook_secret": "WEBHOOK_SECRET",
            "intercom_client_secret": "INTERCOM_CLIENT_SECRET",
        }
        given: dict[str, Any] = {key: os.environ[name] for key, name in names.items() if os.environ.get(name)}
        for key, token in (("intercom_url", "intercom_token"), ("referral_factory_url", "referral_factory_key")):
            if key in given:
                given[key] = given[key].rstrip("/")
                if urlsplit(given[key]).scheme not in ("http", "https"):
                    raise StackError(f"{names[key]} must begin with http:// or https://.")
                if not is_local(given[key]) and token not in given:
                    raise StackError(f"{names[key]} is a real server: it needs {names[token]} as well.")
        return cls(**{"port": read_port(), **given, **changes})


def is_local(address: str) -> bool:
    """Whether a server is on this machine, such as a stand-in of another stack."""
    return urlsplit(address).hostname in {HOST, "localhost"}


def read_port() -> int:
    """PORT of the environment, 8000 without. Raises StackError."""
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit():
        raise StackError(f"PORT must be a number, not {text!r}.")
    return int(text)
