"""The people who can sign in locally, and the tokens they get."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT_ID = "local-console"
GROUPS_CLAIM = "groups"
ADMIN_GROUP = "referral-admins"
VIEWER_GROUP = "referral-viewers"
TOKEN_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in locally."""

    key: str
    name: str
    email: str
    groups: tuple[str, ...]


PEOPLE = {
    person.key: person
    for person in (
        Person("mara", "Mara Marketer", "mara@example.com", (ADMIN_GROUP,)),
        Person("vera", "Vera Viewer", "vera@example.com", (VIEWER_GROUP,)),
        Person("otto", "Otto Outsider", "otto@example.com", ()),
    )
}


def load_key(path: Path) -> rsa.RSAPrivateKey:
    """The key in that file; the first one to ask makes it, readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            file.write(
                key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            )
        with contextlib.suppress(FileExistsError):  # another stack was faster: its key holds
            os.link(unfinished, path)
        unfinished.unlink()
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{path.name} holds no RSA key")
    return key


class Signer:
    """Signs tokens of one issuer."""

    def __init__(self, key: rsa.RSAPrivateKey, issuer: str) -> None:
        self.issuer = issuer
        self._key = key
        public = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
        self.key_id = hashlib.sha256(f"{public['e']}.{public['n']}".encode()).hexdigest()[:16]
        self.public = {**public, "kid": self.key_id, "alg": "RS256", "use": "sig"}

    def issue(self, person: str, nonce: str | None = None, **changes: Any) -> str:
        """A token for that person (a key of PEOPLE), good for an hour. A change to None leaves the claim out."""
        who = PEOPLE[person]
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": f"local|{who.key}",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "name": who.name,
            "email": who.email,
            "email_verified": True,
            GROUPS_CLAIM: list(who.groups),
            "nonce": nonce,
            **changes,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, self._key, algorithm="RS256", headers={"kid": self.key_id})
