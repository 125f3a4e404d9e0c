"""What happens in the demo, over HTTP only, as outsiders would do and see it. Later chapters add steps to ``Story.steps``."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import requests

from sandbox.demo_people import CAMPAIGN, EXISTING_SKIPPED, EXISTING_UPDATED, INVITED, REFERRING, build_settings
from sandbox.demo_sync import SyncStory
from sandbox.stack.stack import Stack

STEP_SECONDS = 30.0
"""How long the outcome of a step is waited for."""
QUIET_SECONDS = 3.0
"""How long nothing may happen where nothing should."""
CALL_SECONDS = 20.0
Contact = dict[str, Any]


class StoryError(Exception):
    """A step's outcome did not come; the message says what is missing."""


class Story:
    """The steps, in order, and what one step leaves for the next."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.link = ""
        self._pages = stack.referral_factory_pages_url
        self._http = requests.Session()
        self._http.trust_env = False
        self.steps: list[tuple[str, Callable[[], None]]] = [
            ("The marketer configures campaign 1", lambda: self.configure(duplicates="skip")),
            ("Rita signs up on the campaign page: she is a user in Intercom", self.sign_up_person_referring),
            ("Ivo signs up through Rita's link: he is a lead in Intercom with all mapped facts", self.sign_up_person_invited),
            ("Ada, whom Intercom knows, signs up: with `skip` her contact stays as it was", self.sign_up_known_with_skip),
            ("The marketer chooses `update` for duplicates", lambda: self.configure(duplicates="update")),
            (
                "Dora, whom Intercom knows, signs up: with `update` her contact is brought up to date",
                self.sign_up_known_with_update,
            ),
            *SyncStory(stack, StoryError).steps,
        ]

    def close(self) -> None:
        self._http.close()

    def configure(self, duplicates: str) -> None:
        """Save the settings of campaign 1 by the API, as the console does."""
        address = f"{self.stack.url}/api/campaigns/{CAMPAIGN}"
        headers = {"Authorization": f"Bearer {self.stack.token()}"}
        present = self._http.get(address, headers=headers, timeout=CALL_SECONDS)
        if present.status_code == 200:
            headers["If-Match"] = present.headers["ETag"]
        answer = self._http.put(address, json=build_settings(duplicates), headers=headers, timeout=CALL_SECONDS)
        if answer.status_code not in (200, 201):
            raise StoryError(f"PUT /api/campaigns/{CAMPAIGN} answered {answer.status_code}: {answer.text[:600]}")

    def sign_up_person_referring(self) -> None:
        campaign = self._referral_factory("GET", f"/campaigns/{CAMPAIGN}")
        self._sign_up(str(campaign["code"]), REFERRING)
        self.link = str(self._find_person(REFERRING["email"])["url"])
        expected = {"role": "user", "name": "Rita", "custom_attributes.referral_link": self.link}
        self._expect(REFERRING["email"], expected)

    def sign_up_person_invited(self) -> None:
        self._sign_up(self._code_of(self.link), INVITED)
        person = self._find_person(INVITED["email"])
        self._expect(
            INVITED["email"],
            {
                "role": "lead",
                "name": "Ivo Lindqvist",
                "custom_attributes.referral_link": person["url"],
                "custom_attributes.referrer_first_name": "Rita",
                "custom_attributes.referrer_email": REFERRING["email"],
                "custom_attributes.referral_campaign": "Friends of ours",
                "custom_attributes.lead_source": "referral",
                "custom_attributes.referral_status": "New",
            },
        )

    def sign_up_known_with_skip(self) -> None:
        before = self._find_contacts(EXISTING_SKIPPED["email"])
        self._sign_up(self._code_of(self.link), EXISTING_SKIPPED)
        witness = {**INVITED, "first_name": "Wim", "email": "wim.witness@example.com"}
        self._sign_up(self._code_of(self.link), witness)
        self._expect(witness["email"], {"role": "lead"})  # delivered after Ada's signup, so hers is done soon
        time.sleep(QUIET_SECONDS)
        if (after := self._find_contacts(EXISTING_SKIPPED["email"])) != before:
            raise StoryError(f"the contact of {EXISTING_SKIPPED['email']} is not what it was: {_difference(before, after)}")

    def sign_up_known_with_update(self) -> None:
        self._sign_up(self._code_of(self.link), EXISTING_UPDATED)
        person = self._find_person(EXISTING_UPDATED["email"])
        self._expect(
            EXISTING_UPDATED["email"],
            {
                "role": "lead",
                "name": "Dora Updated",
                "custom_attributes.referral_link": person["url"],
                "custom_attributes.referrer_first_name": "Rita",
                "custom_attributes.referrer_email": REFERRING["email"],
                "custom_attributes.referral_campaign": "Friends of ours",
                "custom_attributes.lead_source": "website",  # a default goes only into a create
                "custom_attributes.referral_status": None,  # so does the first value
            },
        )

    def _sign_up(self, code: str, person: dict[str, str]) -> None:
        """Fill in the page's form in a fresh browser: the page knows people again by a cookie."""
        with requests.Session() as browser:
            browser.trust_env = False
            page = browser.get(f"{self._pages}/{code}", timeout=CALL_SECONDS)
            if page.status_code != 200 or "first_name" not in page.text:
                raise StoryError(f"the page /{code} shows no form ({page.status_code})")
            form = {
                "first_name": person["first_name"],
                "email": person["email"],
                "meta[Last Name]": person["last_name"],
            }
            answer = browser.post(f"{self._pages}/{code}", data=form, allow_redirects=False, timeout=CALL_SECONDS)
        if answer.status_code not in (302, 303):
            raise StoryError(f"the page did not take the signup of {person['email']} ({answer.status_code})")

    def _code_of(self, link: str) -> str:
        return re.sub(r"[?#].*", "", link).rstrip("/").rpartition("/")[2]

    def _referral_factory(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.stack.settings.referral_factory_key}", "Accept": "application/json"}
        address = f"{self.stack.referral_factory_url}{path}"
        answer = self._http.request(method, address, json=body, headers=headers, timeout=CALL_SECONDS)
        answer.raise_for_status()
        return answer.json()["data"]

    def _find_person(self, email: str) -> dict[str, Any]:
        people = self._referral_factory("GET", "/users?per_page=250")
        for person in people:
            if person["email"] == email and person["campaign_id"] == CAMPAIGN:
                return dict(person)
        raise StoryError(f"Referral Factory has no {email} in campaign {CAMPAIGN}")

    def _find_contacts(self, email: str) -> list[Contact]:
        """Every contact with that e-mail, from the list: search lags behind."""
        headers = {
            "Authorization": f"Bearer {self.stack.settings.intercom_token}",
            "Accept": "application/json",
            "Intercom-Version": "2.16",
        }
        found: list[Contact] = []
        query: dict[str, Any] = {"per_page": 150}
        while True:
            address = f"{self.stack.intercom_url}/contacts"
            answer = self._http.get(address, params=query, headers=headers, timeout=CALL_SECONDS)
            answer.raise_for_status()
            page = answer.json()
            found += [contact for contact in page["data"] if contact.get("email") == email]
            following = (page.get("pages") or {}).get("next")
            if not following:
                return found
            query["starting_after"] = following["starting_after"]

    def _expect(self, email: str, expected: dict[str, Any]) -> None:
        """Wait until exactly one contact has that e-mail and all these values. StoryError after STEP_SECONDS."""
        deadline = time.monotonic() + STEP_SECONDS
        while True:
            contacts = self._find_contacts(email)
            missing = _missing(contacts, expected)
            if not missing:
                return
            if time.monotonic() > deadline or len(contacts) > 1:
                raise StoryError(f"{email}: {missing}")
            time.sleep(0.1)


def _missing(contacts: list[Contact], expected: dict[str, Any]) -> str:
    if len(contacts) != 1:
        return f"{len(contacts) or 'no'} contacts in Intercom instead of one"
    wrong = []
    for path, value in expected.items():
        first, _, rest = path.partition(".")
        found = contacts[0].get(first)
        if rest:
            found = (found or {}).get(rest)
        if found != value:
            wrong.append(f"{path} is {found!r} instead of {value!r}")
    return "; ".join(wrong)


def _difference(before: list[Contact], after: list[Contact]) -> str:
    if len(before) != len(after):
        return f"{len(after)} contacts instead of {len(before)}"
    pairs = zip(before, after, strict=True)
    changed = {name for old, new in pairs for name in {*old, *new} if old.get(name) != new.get(name)}
    return f"changed: {', '.join(sorted(changed))}"
