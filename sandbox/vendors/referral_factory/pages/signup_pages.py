"""The pages below ``/<code>``.

A campaign's code is where a person referring signs up, a person's code where those they invite do. A browser that has
signed up in a campaign gets its own share page instead, by a cookie: test in a private window.
https://referral-factory.com/help (how to test your integration)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from sandbox.vendors.referral_factory.account import Account
from sandbox.vendors.referral_factory.api.bodies import email_error, text_error
from sandbox.vendors.referral_factory.api.refusals import RefusedError, not_found
from sandbox.vendors.referral_factory.pages.page_answers import Render, redirect
from sandbox.vendors.referral_factory.records import Campaign, Person
from sandbox.vendors.wire import Request, Response

COOKIE_SECONDS = 365 * 24 * 3600
PAGE_ADDRESS = "203.0.113.7"
_PATH = re.compile(r"/([A-Za-z0-9_-]{1,64})(/share|/socials/email|/forget|/join)?")


def show(account: Account, request: Request, render: Render) -> Response:
    """The sign-up form, the share page, or the way to the mail program. RefusedError (404)."""
    campaign, referrer, rest = _find(account, request)
    if rest == "/share":
        if referrer is None:
            raise not_found()
        return render("share.html", campaign=campaign, person=referrer)
    if rest == "/socials/email":
        if referrer is None:
            raise not_found()
        subject, link = quote(campaign.name), quote(account.url(referrer.code), safe="")
        return Response(302, {"Location": f"mailto:?subject={subject}&body={link}"})
    if rest == "/forget":
        raise RefusedError(405)
    campaign.reach += 1
    if referrer:
        referrer.reach += 1
    if known := _known(account, request, campaign):
        return render("share.html", campaign=campaign, person=known)
    if campaign.status != "launched":
        return render("error.html", 404, text="This campaign is not live.")
    return render("signup.html", campaign=campaign, referrer=referrer, code=request.path[1:], values={}, errors={})


def submit(account: Account, request: Request, form: Mapping[str, str], render: Render) -> Response:
    """Sign up with the fields ``first_name``, ``email`` and ``meta[<label>]``; wrong fields: the form again, with 422."""
    campaign, referrer, rest = _find(account, request)
    if rest == "/forget":
        return redirect(f"/{campaign.code}", {"Set-Cookie": f"rf_{campaign.id}=; Path=/; Max-Age=0"})
    if rest in ("/share", "/socials/email"):
        raise RefusedError(405)
    if campaign.status != "launched":
        return render("error.html", 404, text="This campaign is not live.")
    errors = _errors(campaign, form)
    if not errors:
        try:
            person = account.join(
                campaign,
                first_name=form["first_name"].strip(),
                email=form["email"].strip(),
                source="Referred" if referrer else "Direct",
                referrer=referrer,
                meta=_meta(campaign, form),
                ip=PAGE_ADDRESS,
            )
        except RefusedError as refused:
            errors = refused.errors
        else:
            cookie = f"rf_{campaign.id}={person.code}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax"
            return redirect(f"/{person.code}/share", {"Set-Cookie": cookie})
    code = (referrer or campaign).code
    return render("signup.html", 422, campaign=campaign, referrer=referrer, code=code, values=form, errors=errors)


def _find(account: Account, request: Request) -> tuple[Campaign, Person | None, str]:
    """The campaign, the person whose code it is (None: the campaign's own), and what follows the code."""
    if (match := _PATH.fullmatch(request.path)) is None:
        raise not_found()
    rest = "" if match[2] in (None, "/join") else match[2]
    if campaign := account.campaign_with_code(match[1]):
        return campaign, None, rest
    if person := account.people.with_code(match[1]):
        return account.campaigns[person.campaign_id], person, rest
    raise not_found()


def _known(account: Account, request: Request, campaign: Campaign) -> Person | None:
    """Who has signed up in this campaign with this browser."""
    try:
        morsel = SimpleCookie(request.headers.get("cookie", "")).get(f"rf_{campaign.id}")
    except CookieError:
        return None
    person = account.people.with_code(morsel.value) if morsel else None
    return person if person and person.campaign_id == campaign.id else None


def _errors(campaign: Campaign, form: Mapping[str, str]) -> dict[str, str]:
    found = {"first_name": text_error("first_name", form.get("first_name")), "email": email_error(form.get("email"))}
    for form_field in campaign.extra_fields:
        answer = form.get(f"meta[{form_field.label}]", "").strip()
        if form_field.required and not answer:
            found[form_field.label] = f"The {form_field.label} field is required."
        elif answer and form_field.type == "select" and answer not in form_field.options:
            found[form_field.label] = f"The selected {form_field.label} is invalid."
    return {name: error for name, error in found.items() if error}


def _meta(campaign: Campaign, form: Mapping[str, str]) -> dict[str, str]:
    answers = ((field.label, form.get(f"meta[{field.label}]", "").strip()) for field in campaign.extra_fields)
    return {label: answer for label, answer in answers if answer}
