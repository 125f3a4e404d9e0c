"""What was set up at both vendors, and what came from there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from shared.adapters.intercom.workspace import IntercomWorkspace
from shared.domain.campaign.attribute_check import find_unfit
from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.campaign.rule import rule_of
from shared.domain.connection.connection import CAME_WITH_NEXT, Vendor
from shared.domain.person import fold_email
from shared.domain.signup.referral import Referral
from shared.domain.signup.referral_filter import ReferralFilter
from shared.domain.signup.state import State
from shared.errors import BlockedError, BreakerOpenError, ConnectionLostError, FailureError
from shared.use_cases.connection.read_connection import NAMES
from shared.use_cases.environment import Environment
from shared.use_cases.operations.read_health import read_health
from tools.doctor.deployment import LookedAt
from tools.doctor.finding import Finding, bad, good, skipped, warn

CONNECT = "Open the console, page Connection, and connect {vendor}."
MOST_PEOPLE = 15
"""Of whose contacts one search tells."""
NEAR = 3_600.0
"""Seconds around a signup: what somebody else creates then, he creates for the signup. Referral Factory's own integration takes
up to half an hour."""
OLD_SECRET = 400 * 86_400.0
UNSEEN_ELSEWHERE = frozenset({"permissions", "campaign"})
"""Problems that another check reports, with what is there now."""


def check_intercom(deployment: LookedAt) -> Iterator[Finding]:
    """Token, region and permissions: up to seven calls that change nothing."""
    environment = deployment.environment
    if not environment.intercom_secret.read().get("access_token"):
        yield bad("tokens", "Intercom is not connected", CONNECT.format(vendor="Intercom"))
        return
    workspace = environment.workspace()
    try:
        there = workspace.identify()
        missing = workspace.missing_permissions()
    except FailureError as error:
        yield _refused(Vendor.INTERCOM, error)
        return
    yield good("tokens", f"Intercom takes the token: workspace {there.workspace_id} {there.name}".rstrip())
    known = environment.connections.find()
    if known is not None and known.workspace_id != there.workspace_id:
        what = f"the token is of the workspace {there.workspace_id}, and contacts were written to {known.workspace_id}"
        yield bad("tokens", what, f"Connect {known.workspace_id} again, page Connection: contact ids belong to a workspace.")
    chosen = environment.settings.intercom_region
    if there.region != chosen:
        do = f"Deploy with IntercomRegion={there.region}."
        yield bad("region", f"the workspace is hosted in {there.region}, the deployment calls {chosen}", do)
    else:
        yield good("region", f"{chosen}, as the workspace")
    if missing:
        do = "Intercom, Settings, Developer hub, the app, Authentication: tick them; then connect again in the console."
        yield bad("permissions", f"the app lacks: {', '.join(missing)}", do)
    else:
        yield good("permissions", "all that are needed")


def check_referral_factory(deployment: LookedAt) -> Iterator[Finding]:
    """One call, within the deployment's limit; none while its calls are stopped."""
    environment = deployment.environment
    if not environment.referral_factory_secret.read().get("api_key"):
        yield bad("tokens", "Referral Factory is not connected", CONNECT.format(vendor="Referral Factory"))
        return
    try:
        there = environment.account().campaigns()
    except FailureError as error:
        yield _refused(Vendor.REFERRAL_FACTORY, error)
        return
    yield good("tokens", f"Referral Factory takes the key: {len(there)} campaign(s)")
    ids = {campaign.id for campaign in there}
    for campaign in _active(environment):
        if campaign.campaign_id not in ids and len(ids) < 250:
            do = f"Look for its number in the campaign's Integration step, or set campaign {campaign.campaign_id} to paused."
            yield bad("tokens", f"the key's account has no campaign {campaign.campaign_id} ({campaign.name})", do)


def check_attributes(deployment: LookedAt) -> Iterator[Finding]:
    """What the settings of active campaigns write to or track, against what the workspace has now."""
    environment = deployment.environment
    campaigns = _active(environment)
    if not campaigns:
        yield bad("attributes", "no campaign is active, so nothing is sent", "Open the console, Campaigns, and activate one.")
        return
    try:
        known = environment.workspace().read_attributes()
    except FailureError as error:
        yield skipped("attributes", f"Intercom does not show them: {error}", "See tokens above.")
        return
    wrong = [(campaign, problem) for campaign in campaigns for problem in find_unfit(campaign, known)]
    for campaign, (place, problem) in wrong:
        do = f"Create it in Intercom (Settings, Data, People), or choose another: console, campaign {campaign.campaign_id}."
        yield bad("attributes", f"campaign {campaign.campaign_id}, {place}: {problem}", do)
    if not wrong:
        yield good("attributes", f"Intercom has all that {len(campaigns)} active campaign(s) use")


def check_webhooks(deployment: LookedAt) -> Iterator[Finding]:
    """Which came, for each active campaign, and when last."""
    environment = deployment.environment
    now = environment.clock.now()
    came = environment.figures.last_received(Vendor.REFERRAL_FACTORY)
    address = deployment.outputs.get("WebhookUrl", "the output WebhookUrl")
    for campaign in _active(environment):
        at = came.get(f"{campaign.campaign_id}/joined")
        if at is None:
            here = address.replace("{campaign_id}", str(campaign.campaign_id))
            do = f"Referral Factory, the campaign, Webhooks: POST {here} with the header X-Webhook-Secret; then sign up once."
            yield bad("webhooks", f"campaign {campaign.campaign_id}: none of a signup ever came", do)
        else:
            yield good("webhooks", f"campaign {campaign.campaign_id}: the last signup's came {_ago(now, at)} ago")
    if any(rule_of(campaign) for campaign in _active(environment)):
        yield _notifications(deployment, now)


def _notifications(deployment: LookedAt, now: float) -> Finding:
    came = deployment.environment.figures.last_received(Vendor.INTERCOM)
    times = [at for name, at in came.items() if name.startswith("contact.")]
    if times:
        return good("webhooks", f"Intercom: the last notification about a contact came {_ago(now, max(times))} ago")
    address = deployment.outputs.get("IntercomWebhookUrl", "the output IntercomWebhookUrl")
    do = f"Intercom, Settings, Developer hub, the app, Webhooks: endpoint {address}, topics contact.…; then change a contact."
    return bad("webhooks", "Intercom: no notification about a contact ever came, so qualifying is minutes late", do)


def check_secrets(deployment: LookedAt) -> Iterator[Finding]:
    """Rotations that were begun and not ended, and a webhook secret of long ago."""
    environment = deployment.environment
    hooks, app = environment.webhook_secret.read(), environment.intercom_app_secret.read()
    found = [*_webhook_secret(deployment, hooks.get("next", ""))]
    if app.get("client_secret_next"):
        do = "Replace it in Intercom's Developer hub; then runbook, Change a token: move client_secret_next to client_secret."
        found.append(warn("secrets", "Intercom's next client secret waits to become the current one", do))
    if environment.intercom_secret.read().get("client_secret"):
        do = f"python -m tools.operate --stack {deployment.stack} split-secret"
        found.append(bad("secrets", "the app's client secret still lies beside the access token", do))
    if not hooks.get("current"):
        do = "Open the console, page Connection: Make the secret."
        found.append(bad("secrets", "there is no webhook secret: every webhook is refused", do))
    yield from found or [good("secrets", "no rotation is unfinished; the webhook secret is younger than 400 days")]


def _webhook_secret(deployment: LookedAt, following: str) -> Iterator[Finding]:
    if following:
        came = deployment.environment.figures.last_received(Vendor.REFERRAL_FACTORY).get(CAME_WITH_NEXT)
        if came:
            do = "Open the console, page Connection: Switch over."
            yield warn("secrets", "the next webhook secret is in use at Referral Factory and not the current one yet", do)
        else:
            do = "Set the header X-Webhook-Secret of every webhook at Referral Factory to it; or drop it in the console."
            yield warn("secrets", "the next webhook secret was made, and no webhook came with it yet", do)
    held = deployment.client("secretsmanager").get_secret_value(SecretId=deployment.environment.settings.webhook_secret_arn)
    age = deployment.environment.clock.now() - held["CreatedDate"].timestamp()
    if age > OLD_SECRET:
        do = "Open the console, page Connection: Make a new secret, set it at Referral Factory, switch over."
        yield warn("secrets", f"the webhook secret is {age / 86_400:.0f} days old", do)


def check_own_integration(deployment: LookedAt) -> Iterator[Finding]:
    """Referral Factory's own Intercom integration. No API shows its switch; what it does shows in Intercom."""
    environment = deployment.environment
    do = "Referral Factory, Settings, under the Intercom logo: Disconnect; or the campaign's Integration step."
    rows = list(_newest(environment))
    if not rows:
        yield skipped("integration", "nobody has signed up yet, so nothing shows whether it is off", do)
        return
    try:
        strangers = _made_by_others(environment.workspace(), rows)
    except FailureError as error:
        yield skipped("integration", f"Intercom does not show the contacts: {error}", "See tokens above.")
        return
    if strangers:
        what = f"somebody else makes contacts for signups: {strangers} of the last {len(rows)} people have such a one"
        yield bad("integration", f"{what}. Is Referral Factory's own Intercom integration on?", f"{do} Then merge the doubles.")
    else:
        yield good("integration", f"no contact of the last {len(rows)} people was made by Referral Factory's own integration")


def _newest(environment: Environment) -> Iterator[Referral]:
    """The newest finished rows with an address; the index has the newest first."""
    wanted = (State.DELIVERED, State.PARTIAL, State.SKIPPED)
    found = 0
    for campaign in _active(environment):
        for row in environment.referral_search.search(ReferralFilter(campaign_id=campaign.campaign_id), 50).items:
            if row.state in wanted and row.person.email and not row.synthetic and found < MOST_PEOPLE:
                found += 1
                yield row


def _made_by_others(intercom: IntercomWorkspace, rows: list[Referral]) -> int:
    contacts = intercom.search_by_email(*(row.person.email or "" for row in rows))
    ours = {row.contact_id for row in rows if row.ours}

    def is_strange(row: Referral) -> bool:
        email = fold_email(row.person.email or "")
        near = (one for one in contacts if fold_email(one.email) == email and abs(one.created_at - row.accepted_at) < NEAR)
        return any(one.id not in ours for one in near)

    return sum(map(is_strange, rows))


def check_work(deployment: LookedAt) -> Iterator[Finding]:
    """What the application itself knows to be wrong, with its own advice."""
    problems = [one for one in read_health(deployment.environment).problems if one.kind not in UNSEEN_ELSEWHERE]
    for problem in problems:
        yield bad("work", problem.what, problem.do)
    if not problems:
        yield good("work", "nothing waits too long, and what looks after it works")


def _active(environment: Environment) -> list[Campaign]:
    return [campaign for campaign in environment.campaigns.list() if campaign.status is Status.ACTIVE]


def _refused(vendor: Vendor, error: FailureError) -> Finding:
    name = NAMES[vendor]
    match error:
        case ConnectionLostError():
            return bad("tokens", f"{name}: {error}", CONNECT.format(vendor=name))
        case BlockedError() | BreakerOpenError():
            return skipped("tokens", f"{name}: {error}", "See “work” below; look again when calls are made again.")
        case _:
            do = f"Does this machine reach {name}? Its status page says whether it works; look again in a minute."
            return bad("tokens", f"{name} does not answer this machine: {error}", do)


def _ago(now: float, at: float) -> str:
    seconds = max(0.0, now - at)
    for unit, length in (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds ({datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC)"
