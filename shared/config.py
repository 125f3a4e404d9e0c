"""The environment of a function, as a tested model: what is missing is named at start."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.domain.vendor.limits import FIXED_WORKERS, HIGHEST_LIMIT, LIMIT_OUTSIDE_PRODUCTION
from shared.errors import ConfigurationError

INTERCOM_HOSTS: Mapping[str, str] = {
    "US": "https://api.intercom.io",
    "EU": "https://api.eu.intercom.io",
    "AU": "https://api.au.intercom.io",
}
"""Regional hosts: https://developers.intercom.com/docs/build-an-integration/learn-more/rest-apis/making-requests"""
REFERRAL_FACTORY_HOSTS = frozenset({"https://referral-factory.com", "https://api.referral-factory.com"})

_TABLES = ("STAGE", "CAMPAIGNS_TABLE", "REFERRALS_TABLE")
_INTERCOM = ("INTERCOM_SECRET_ARN", "INTERCOM_REGION", "INTERCOM_API_URL", "DELIVERY_CONCURRENCY", "SYNC_CONCURRENCY")
_REFERRAL_FACTORY = ("REFERRAL_FACTORY_SECRET_ARN", "REFERRAL_FACTORY_API_URL")
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "signup_webhook": (*_TABLES, "DELIVERY_QUEUE_URL", "WEBHOOK_SECRET_ARN"),
    "deliver_contact": (
        *_TABLES,
        "DELIVERY_QUEUE_URL",
        "RECONCILE_QUEUE_URL",
        "QUALIFICATION_QUEUE_URL",
        "REFERRER_QUEUE_URL",
        *_INTERCOM,
        "MOST_UNKNOWN_SIGNUPS",
    ),
    "intercom_webhook": (*_TABLES, "QUALIFICATION_QUEUE_URL", "INTERCOM_APP_SECRET_ARN"),
    "qualify_referral": (
        *_TABLES,
        "QUALIFICATION_QUEUE_URL",
        "REFERRER_QUEUE_URL",
        *_INTERCOM,
        *_REFERRAL_FACTORY,
        "ERASE_DELETED_CONTACTS",
    ),
    "update_referrer": (*_TABLES, "REFERRER_QUEUE_URL", *_INTERCOM, *_REFERRAL_FACTORY),
    "sweep": (*_TABLES, "DELIVERY_QUEUE_URL", "QUALIFICATION_QUEUE_URL", "REFERRER_QUEUE_URL"),
    "reconcile": (
        *_TABLES,
        "DELIVERY_QUEUE_URL",
        "RECONCILE_QUEUE_URL",
        "QUALIFICATION_QUEUE_URL",
        "REFERRER_QUEUE_URL",
        *_INTERCOM,
        *_REFERRAL_FACTORY,
        "MOST_UNKNOWN_SIGNUPS",
    ),
    "start_sync": (*_TABLES, "SYNC_QUEUE_URL"),
    "synthetic_signup": (
        *_TABLES,
        *_INTERCOM,
        "WEBHOOK_SECRET_ARN",
        "SYNTHETIC_SIGNUP_URL",
        "SYNTHETIC_SIGNUP_CAMPAIGN",
        "SYNTHETIC_SIGNUP_EMAIL",
    ),
    "sync_page": (*_TABLES, "SYNC_QUEUE_URL", *_INTERCOM, *_REFERRAL_FACTORY),
    "admin_api": (
        *_TABLES,
        *_INTERCOM,
        *_REFERRAL_FACTORY,
        "DELIVERY_QUEUE_URL",
        "RECONCILE_QUEUE_URL",
        "SYNC_QUEUE_URL",
        "WEBHOOK_SECRET_ARN",
        "INTERCOM_APP_SECRET_ARN",
        "CONSOLE_URL",
        "ADMIN_GROUP",
        "VIEWER_GROUP",
        "GROUPS_CLAIM",
    ),
    "console": ("STAGE", "OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_SCOPES", "SIGN_IN_URL"),
}
"""The variables that each function cannot start without."""
MAY_BE_EMPTY = frozenset({"INTERCOM_API_URL", "VIEWER_GROUP", "SIGN_IN_URL"})


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment, read once. A variable that the function does not need is an empty text."""

    stage: str = ""
    campaigns_table: str = ""
    referrals_table: str = ""
    delivery_queue_url: str = ""
    reconcile_queue_url: str = ""
    qualification_queue_url: str = ""
    referrer_queue_url: str = ""
    sync_queue_url: str = ""
    webhook_secret_arn: str = ""
    intercom_secret_arn: str = ""
    intercom_app_secret_arn: str = ""
    intercom_region: str = "US"
    intercom_api_url: str = ""
    delivery_concurrency: str = "3"
    sync_concurrency: str = "2"
    referral_factory_secret_arn: str = ""
    referral_factory_api_url: str = ""
    referral_factory_calls_per_minute: str = "300"
    admin_group: str = ""
    viewer_group: str = ""
    groups_claim: str = ""
    console_url: str = ""
    erase_deleted_contacts: str = "false"
    most_unknown_signups: str = "20"
    synthetic_signup_url: str = ""
    synthetic_signup_campaign: str = "0"
    synthetic_signup_email: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_scopes: str = ""
    sign_in_url: str = ""

    @property
    def intercom_url(self) -> str:
        """Where Intercom's API is: the override of a local stack, else the region's own host."""
        return self.intercom_api_url or INTERCOM_HOSTS[self.intercom_region]

    @property
    def intercom_workers(self) -> int:
        """Queue workers that may call Intercom at the same time, all queues together."""
        return FIXED_WORKERS + int(self.delivery_concurrency) + int(self.sync_concurrency)

    @property
    def calls_a_stand_in(self) -> bool:
        """Whether Referral Factory's API is a stand-in on this machine, where nobody can be blocked for days."""
        return self.stage == "local" and urlsplit(self.referral_factory_api_url).hostname in {"127.0.0.1", "localhost"}

    @property
    def referral_factory_limit(self) -> int:
        """Calls to Referral Factory in any sliding minute: what is configured, and at most 60 outside production, for the
        account's limit of 600 is shared with production. A stand-in may be called at production's pace."""
        configured = int(self.referral_factory_calls_per_minute)
        full_pace = self.stage == "prod" or self.calls_a_stand_in
        return configured if full_pace else min(configured, LIMIT_OUTSIDE_PRODUCTION)


def settings_of_process(function: str) -> Settings:
    """The settings of this process. Raises as ``settings_of`` does."""
    return settings_of(os.environ, function)


def settings_of(environment: Mapping[str, str], function: str) -> Settings:
    """Raises ConfigurationError that names every missing variable, or a host that is not the vendor's."""
    missing = [
        name for name in REQUIRED[function] if name not in environment or not (environment[name] or name in MAY_BE_EMPTY)
    ]
    if missing:
        raise ConfigurationError(f"{function} needs the environment variables {', '.join(missing)}")
    settings = Settings(**{name: environment[name.upper()] for name in Settings.__slots__ if name.upper() in environment})
    if settings.intercom_region not in INTERCOM_HOSTS:
        raise ConfigurationError(f"INTERCOM_REGION is one of {', '.join(INTERCOM_HOSTS)}, not {settings.intercom_region}")
    pace = settings.referral_factory_calls_per_minute
    if not (pace.isascii() and pace.isdigit() and 1 <= int(pace) <= HIGHEST_LIMIT):
        raise ConfigurationError(f"REFERRAL_FACTORY_CALLS_PER_MINUTE is a number from 1 to {HIGHEST_LIMIT}, not {pace}")
    for name in ("delivery_concurrency", "sync_concurrency", "most_unknown_signups"):
        if not re.fullmatch(r"[1-9][0-9]{0,3}", getattr(settings, name)):
            raise ConfigurationError(f"{name.upper()} is a number from 1 to 9999, not {getattr(settings, name)}")
    if settings.stage != "local":
        if urlsplit(settings.synthetic_signup_url).scheme not in ("", "https"):
            raise ConfigurationError("SYNTHETIC_SIGNUP_URL is not https: it would tell the webhook secret")
        _refuse_strange_host("INTERCOM_API_URL", settings.intercom_api_url, frozenset(INTERCOM_HOSTS.values()))
        _refuse_strange_host("REFERRAL_FACTORY_API_URL", settings.referral_factory_api_url, REFERRAL_FACTORY_HOSTS)
    return settings


def _refuse_strange_host(name: str, address: str, hosts: frozenset[str]) -> None:
    parts = urlsplit(address)
    if address and f"{parts.scheme}://{parts.netloc}" not in hosts:
        raise ConfigurationError(f"{name} is not one of the vendor's hosts ({', '.join(sorted(hosts))})")
