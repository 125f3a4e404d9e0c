"""Who may use the admin API. The HTTP API has verified the token; the group is checked here."""

from __future__ import annotations

import json
from collections.abc import Mapping

from shared.domain.person import clean_text


def is_member(claims: Mapping[str, str], claim: str, group: str) -> bool:
    """Whether the token's ``claim`` holds ``group``. An empty ``group`` is nobody's."""
    return bool(group) and group in groups_of(claims.get(claim, ""))


def groups_of(text: str) -> frozenset[str]:
    """The groups in a claim as API Gateway hands it on: ``[admin ops]``, a JSON list, or words with spaces between.

    A group's own name may not hold a space: nobody could tell it from two groups.
    """
    text = str(text).strip()
    if text.startswith("["):
        try:
            names = json.loads(text)
        except ValueError:
            names = None
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return frozenset(names)
        text = text[1:-1] if text.endswith("]") else ""
    return frozenset(text.split())


def author_of(claims: Mapping[str, str]) -> str:
    """Who saves, for the list of versions: the e-mail address, else the user name, else the subject."""
    for name in ("email", "username", "cognito:username", "sub"):
        if claims.get(name):
            return clean_text(str(claims[name]))[:254]
    return "unknown"
