"""The secret of Referral Factory's webhooks: make the next one, put it there, then promote it."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.connection.connection import CAME_WITH_NEXT, Rotation, Vendor
from shared.errors import ConflictError
from shared.ports.operations import Change
from shared.use_cases.environment import Environment

_DONE = {
    Rotation.MAKE_NEXT: "Made the next webhook secret.",
    Rotation.PROMOTE: "Made the next webhook secret the current one; the old one is refused within five minutes.",
    Rotation.DROP_NEXT: "Dropped the next webhook secret.",
}


def rotate_webhook_secret(environment: Environment, who: str, rotation: Rotation, *, sure: bool = False) -> str | None:
    """The new secret when one was made: it is shown this once. Raises ConflictError when there is a next one already, or
    none; so a second press neither replaces a secret that was just copied nor promotes nothing. Nor is one
    promoted with which no webhook has come yet, unless somebody is ``sure``."""
    secrets = environment.webhook_secret.read()
    if rotation is Rotation.MAKE_NEXT and secrets.get("next"):
        raise ConflictError("A next secret was made already. Promote it or drop it first.")
    if rotation is not Rotation.MAKE_NEXT and not secrets.get("next"):
        raise ConflictError("There is no next secret. Make one first.")
    now = environment.clock.now()
    if rotation is Rotation.PROMOTE and not sure and not _is_in_use(environment, secrets):
        raise ConflictError("No webhook has come with the new secret yet. Is it in Referral Factory all the same? Ask again.")
    made = environment.chance.token() + environment.chance.token()[:16] if rotation is Rotation.MAKE_NEXT else None
    if rotation is Rotation.PROMOTE:
        environment.webhook_secret.change(current=secrets["next"], next="", next_made_at="")
    else:
        environment.webhook_secret.change(next=made or "", next_made_at=str(now) if made else "")
    environment.audit.add(Change(now, who, _DONE[rotation]))
    return made


def _is_in_use(environment: Environment, secrets: Mapping[str, str]) -> bool:
    came = environment.figures.last_received(Vendor.REFERRAL_FACTORY).get(CAME_WITH_NEXT)
    return came is not None and came >= float(secrets.get("next_made_at") or 0)
