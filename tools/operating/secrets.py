"""Tokens and secrets: asked for, checked against the vendor, then stored. None is ever given on the command line or printed,
but for the webhook secret, which has to be copied to Referral Factory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from shared.domain.campaign.campaign import Status
from shared.domain.connection.connection import Rotation
from shared.errors import ConnectionLostError, PermanentError
from shared.ports.connection import AccountCampaign
from shared.ports.operations import Change
from shared.runtime.bootstrap import Environment
from shared.use_cases.connection.connect_intercom import connect_with_token
from shared.use_cases.connection.connect_referral_factory import connect_referral_factory
from shared.use_cases.connection.rotate_webhook_secret import rotate_webhook_secret
from tools.operating.deployment import Deployment
from tools.operating.operator import OperatingError, Operator

INTERCOM, REFERRAL_FACTORY, APP = "intercom", "referral-factory", "intercom-app"
KINDS = (INTERCOM, REFERRAL_FACTORY, APP)
STEPS = ("show", "next", "promote", "drop")


def set_token(environment: Environment, operator: Operator, kind: str) -> Iterator[str]:
    match kind:
        case "intercom":
            return _set_intercom(environment, operator)
        case "referral-factory":
            return _set_referral_factory(environment, operator)
        case _:
            return _set_app(environment, operator)


def _set_intercom(environment: Environment, operator: Operator) -> Iterator[str]:
    """Another workspace's token is refused even while disconnected: the console connects another workspace, and asks what
    becomes of what waits."""
    token = operator.secret("Intercom's access token")
    try:
        found = environment.workspace_of(token).identify()
    except (ConnectionLostError, PermanentError) as error:
        raise OperatingError(f"Intercom does not take this token ({error}). Nothing was changed.") from None
    known = environment.connections.find()
    if known is not None and known.workspace_id != found.workspace_id:
        raise OperatingError(
            f"This token belongs to the workspace “{found.name or found.workspace_id}”, and this deployment to "
            f"“{known.name or known.workspace_id}”. Nothing was changed."
        )
    operator.confirm(f"The token belongs to the workspace “{found.name or found.workspace_id}”. Store it?")
    settings = environment.settings
    region = "" if settings.intercom_api_url else settings.intercom_region
    connection = connect_with_token(environment, operator.name, region, token, None, None)
    yield f"The token is stored. Intercom is connected: workspace {connection.workspace_id}, epoch {connection.epoch}."
    yield "What waits goes on within a minute or two: `status` shows the breaker closed then."


def _set_referral_factory(environment: Environment, operator: Operator) -> Iterator[str]:
    key = operator.secret("Referral Factory's API key")

    def agree(campaigns: Sequence[AccountCampaign]) -> None:
        ours = {one.campaign_id for one in environment.campaigns.list() if one.status is Status.ACTIVE}
        theirs = {one.id for one in campaigns}
        if ours and not ours & theirs:
            raise OperatingError(
                f"This key's account has none of the campaigns that are active here ({', '.join(map(str, sorted(ours)))}): "
                "it is another account's. Nothing was changed."
            )
        operator.confirm(f"The key's account has {len(campaigns)} campaigns. Store the key?")

    campaigns = connect_referral_factory(environment, operator.name, key, agree)
    yield f"The key is stored. Its account has {len(campaigns)} campaigns."
    yield "Only the newest key of an account works: what else used the old one has to get this one too."


def _set_app(environment: Environment, operator: Operator) -> Iterator[str]:
    """The client secret that signs Intercom's notifications. The one in use stays valid until the new one is made the only
    one: said twice, the second time with the same secret."""
    secret = operator.secret("The Intercom app's client secret")
    stored = environment.intercom_app_secret.read()
    if secret == stored.get("client_secret"):
        raise OperatingError("This client secret is in use already. Nothing was changed.")
    now = environment.clock.now()
    if secret != stored.get("client_secret_next"):
        environment.intercom_app_secret.change(client_secret_next=secret)
        environment.audit.add(Change(now, operator.name, "Stored the next client secret of the Intercom app."))
        yield "Both secrets are accepted now. Replace it in Intercom's Developer Hub, then run this again with the same one."
        return
    operator.confirm("Is it replaced in Intercom's Developer Hub? The old secret is refused from now on.")
    environment.intercom_app_secret.change(client_secret=secret, client_secret_next="")
    environment.audit.add(Change(now, operator.name, "Made the next client secret of the Intercom app the only one."))
    yield "The new client secret is the only one. Notifications signed with the old one are refused within five minutes."


_ROTATIONS = {"next": Rotation.MAKE_NEXT, "promote": Rotation.PROMOTE, "drop": Rotation.DROP_NEXT}


def webhook_secret(environment: Environment, operator: Operator, step: str) -> Iterator[str]:
    if step == "show":
        yield from _show_webhook_secret(environment)
        return
    if step == "promote":
        operator.confirm("Do all webhooks at Referral Factory carry the new secret? The old one is refused from now on.")
    made = rotate_webhook_secret(environment, operator.name, _ROTATIONS[step], sure=step == "promote" and operator.sure)
    if made is not None:
        yield "The next webhook secret, shown this once. Put it into the header X-Webhook-Secret of every webhook of every"
        yield "campaign at Referral Factory, sign up once, see it arrive, then run `webhook-secret promote`:"
        yield made
    elif step == "promote":
        yield "The new secret is the only one. The old one is refused within five minutes."
    else:
        yield "The next secret is dropped. The current one stays."


def _show_webhook_secret(environment: Environment) -> Iterator[str]:
    stored = environment.webhook_secret.read()
    yield f"The current webhook secret is {'set' if stored.get('current') else 'EMPTY: every webhook is refused'}."
    yield f"A next one is {'made: put it into Referral Factory, then promote it' if stored.get('next') else 'not made'}."


def split_secret(deployment: Deployment) -> Iterator[str]:
    """For a deployment of before the app's id and secret had a secret of their own."""
    secrets = deployment.client("secretsmanager")
    here, there = (deployment.outputs.get(name, "") for name in ("IntercomSecretArn", "IntercomAppSecretArn"))
    if not here or not there:
        raise OperatingError("Deploy this version first: the stack has no secret of the app yet.")
    held, app = (json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"]) for arn in (here, there))
    moved = {name: value for name, value in held.items() if name != "access_token" and value and not app.get(name)}
    secrets.put_secret_value(SecretId=there, SecretString=json.dumps({**app, **moved}))
    secrets.put_secret_value(SecretId=here, SecretString=json.dumps({"access_token": held.get("access_token", "")}))
    yield f"Moved: {', '.join(sorted(moved)) or 'nothing'}. What the app's own secret held already was left as it is."
