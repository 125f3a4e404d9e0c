"""``/users``: create, change, delete and qualify. https://referral-factory.com/developers (users)"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.vendors.referral_factory.account import DUPLICATE, Account
from sandbox.vendors.referral_factory.api.bodies import email_error, read_id, read_json, read_meta, text_error
from sandbox.vendors.referral_factory.api.refusals import RefusedError, invalid, not_found
from sandbox.vendors.referral_factory.api.user_calls import missing, user_answer
from sandbox.vendors.referral_factory.records import Campaign, Person
from sandbox.vendors.wire import Request, Response

IDENTIFIERS = ("id", "code", "email")
ANSWER_AFTER_WEBHOOK_SECONDS = "0.5"


def create_user(account: Account, request: Request) -> Response:
    """A person referring, or with ``referrer`` a person invited; source Api either way.

    An e-mail already in the campaign and an unknown referrer are both 422.
    """
    body, settings = read_json(request), account.settings
    campaign = _validate_new(account, body)
    person = account.join(
        campaign,
        first_name=body["first_name"].strip(),
        email=body["email"].strip(),
        source="Api",
        referrer=_read_referrer(account, campaign, body.get("referrer")),
        meta=read_meta(body.get("meta"), campaign, settings.unknown_meta),
        notify=_read_flag(body, "notify", default=settings.notify_default),
        promotion_code=_read_promotion(account, body),
    )
    headers = {}
    if settings.webhook_before_answer:
        headers["X-Stand-In-Delay"] = ANSWER_AFTER_WEBHOOK_SECONDS
    return user_answer(account, person, 201, (), headers)


def _validate_new(account: Account, body: Mapping[str, Any]) -> Campaign:
    errors = {
        "first_name": text_error("first_name", body.get("first_name")),
        "email": email_error(body.get("email")),
        "campaign_id": None if body.get("campaign_id") else "The campaign id field is required.",
    }
    campaign = None
    if errors["campaign_id"] is None:
        campaign = account.campaigns.get(read_id(body["campaign_id"], "campaign_id"))
        if campaign is None:
            errors["campaign_id"] = "The selected campaign id is invalid."
    wrong = {name: error for name, error in errors.items() if error}
    if wrong or campaign is None:
        raise RefusedError(422, errors=wrong)
    return campaign


def _read_referrer(account: Account, campaign: Campaign, referrer: Any) -> Person | None:
    if referrer is None:
        return None
    if not isinstance(referrer, Mapping) or referrer.get("field") not in IDENTIFIERS:
        raise invalid("referrer.field", "The selected referrer field is invalid.")
    value = referrer.get("value")
    match referrer["field"]:
        case "id":
            person = account.people.with_id(read_id(value, "referrer.value"))
        case "code":
            person = account.people.with_code(str(value))
        case _:
            person = account.people.with_email(campaign.id, str(value))
    if person is None or person.campaign_id != campaign.id:
        raise invalid("referrer.value", "The selected referrer is invalid.")
    return person


def _read_flag(body: Mapping[str, Any], name: str, *, default: bool = False) -> bool:
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise invalid(name, f"The {name} field must be true or false.")
    return value


def _read_promotion(account: Account, body: Mapping[str, Any]) -> str | None:
    if not _read_flag(body, "promotion"):
        return None
    if account.settings.promotion_code is None:
        raise invalid("promotion", "Promotions need a Stripe connection.")
    return account.settings.promotion_code


def update_user(account: Account, request: Request, identifier: str) -> Response:
    """``first_name``, ``email`` and ``meta`` only; a referrer cannot be attached."""
    person = _by_id(account, identifier)
    body = read_json(request)
    campaign = account.campaigns[person.campaign_id]
    errors = {}
    if "first_name" in body and (error := text_error("first_name", body["first_name"])):
        errors["first_name"] = error
    if "email" in body and (error := email_error(body["email"])):
        errors["email"] = error
    if errors:
        raise RefusedError(422, errors=errors)
    meta = read_meta(body.get("meta"), campaign, account.settings.unknown_meta)
    if "email" in body:
        email = body["email"].strip()
        if account.people.with_email(campaign.id, email) not in (None, person):
            raise invalid("email", DUPLICATE)
        account.people.change_email(person, email)
    person.first_name = body.get("first_name", person.first_name).strip()
    person.meta |= meta
    return user_answer(account, person, 200)


def delete_user(account: Account, _: Request, identifier: str) -> Response:
    person = _by_id(account, identifier)
    account.remove(person)
    return Response(204)


def qualify_user(account: Account, request: Request) -> Response:
    """One of ``id``, ``code``, or ``email`` with ``campaign_id``; ``qualified`` true, or false for pending again."""
    body = read_json(request)
    if not isinstance(body.get("qualified"), bool):
        raise invalid("qualified", "The qualified field must be true or false.")
    named = [name for name in IDENTIFIERS if body.get(name) is not None]
    if len(named) != 1:
        raise invalid("id", "One of id, code, or email and campaign id is required.")
    match named[0]:
        case "id":
            person = account.people.with_id(read_id(body["id"], "id"))
        case "code":
            person = account.people.with_code(str(body["code"]))
        case _:
            if body.get("campaign_id") is None:
                raise invalid("campaign_id", "The campaign id field is required when email is present.")
            person = account.people.with_email(read_id(body["campaign_id"], "campaign_id"), str(body["email"]))
    if person is None:
        raise not_found()
    account.qualify(person, qualified=body["qualified"])
    match account.settings.qualification_answer:
        case "message":
            return Response.of_json(200, {"message": "Success"})
        case "empty":
            return Response(200, {"Content-Type": "application/json"})
        case _:
            return user_answer(account, person, 200)


def _by_id(account: Account, identifier: str) -> Person:
    person = account.people.with_id(int(identifier)) if identifier.isascii() and identifier.isdecimal() else None
    if person is None:
        raise missing(account, identifier)
    return person
