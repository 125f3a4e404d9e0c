"""Who may use the admin API. The HTTP API has verified the token; what its owner may do is decided here."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from shared.config import Settings
from shared.domain.person import clean_text
from shared.ports.operations import Actor
from shared.runtime.http import HttpRequest


class Role(StrEnum):
    ADMIN = "admin"
    VIEWER = "viewer"
    """Sees what the console shows; changes nothing and exports nothing."""


def role_of(request: HttpRequest, settings: Settings) -> Role | None:
    """None for everybody whose token names neither group. An empty group is nobody's."""
    groups = groups_of(verified_token(request).get(settings.groups_claim))
    if settings.admin_group and settings.admin_group in groups:
        return Role.ADMIN
    return Role.VIEWER if settings.viewer_group and settings.viewer_group in groups else None


def verified_token(request: HttpRequest) -> Mapping[str, Any]:
    """The claims with the types the issuer gave them: API Gateway's own copy writes a list as words with spaces between, so
    a group named ``x admins y`` would count as three. Empty unless the token is the one that API Gateway verified."""
    claims = _claims_in(request.header("authorization"))
    same = all(isinstance(claims.get(name), str) and claims[name] == request.claims.get(name) for name in ("iss", "sub"))
    return claims if same else {}


def groups_of(claim: Any) -> frozenset[str]:
    """A list of names, or one text that is one name. Names are compared whole."""
    if isinstance(claim, str):
        return frozenset({claim})
    return frozenset(name for name in claim if isinstance(name, str)) if isinstance(claim, list) else frozenset()


def author_of(claims: Mapping[str, str]) -> str:
    """Who saves, for the list of versions: the e-mail address, else the user name, else the subject."""
    for name in ("email", "username", "cognito:username", "sub"):
        if claims.get(name):
            return clean_text(str(claims[name]))[:254]
    return "unknown"


def actor_of(request: HttpRequest) -> Actor:
    verified = verified_token(request).get("email_verified")
    return Actor(
        author_of(request.claims),
        clean_text(request.claims.get("sub", "")),
        clean_text(request.claims.get("iss", "")),
        verified if isinstance(verified, bool) else None if verified is None else verified == "true",
    )


def _claims_in(header: str) -> Mapping[str, Any]:
    parts = header.split(".")  # what stands before the first dot, *Bearer* included, is not read
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.b64decode(parts[1] + "=" * (-len(parts[1]) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
