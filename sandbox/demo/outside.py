"""What an outsider can do and see in the demo: sign up on a page, call both vendors' APIs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import requests

from sandbox.demo.people import CAMPAIGN
from sandbox.stack.stack import Stack

STEP_SECONDS = 30.0
"""How long the outcome of a step is waited for."""
CALL_SECONDS = 20.0
Contact = dict[str, Any]


class StoryError(Exception):
    """A step's outcome did not come; the message says what is missing."""


class Outside:
    """Over HTTP only."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.http = requests.Session()
        self.http.trust_env = False
        self._pages = stack.referral_factory_pages_url

    def sign_up(self, code: str, person: dict[str, str]) -> None:
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

    def code_of(self, link: str) -> str:
        return re.sub(r"[?#].*", "", link).rstrip("/").rpartition("/")[2]

    def referral_factory(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.stack.settings.referral_factory_key}", "Accept": "application/json"}
        address = f"{self.stack.referral_factory_url}{path}"
        answer = self.http.request(method, address, json=body, headers=headers, timeout=CALL_SECONDS)
        answer.raise_for_status()
        return answer.json()["data"]

    def find_person(self, email: str) -> dict[str, Any]:
        people = self.referral_factory("GET", "/users?per_page=250")
        for person in people:
            if person["email"] == email and person["campaign_id"] == CAMPAIGN:
                return dict(person)
        raise StoryError(f"Referral Factory has no {email} in campaign {CAMPAIGN}")

    def find_contacts(self, email: str) -> list[Contact]:
        """Every contact with that e-mail, from the list: search lags behind."""
        found: list[Contact] = []
        query: dict[str, Any] = {"per_page": 150}
        while True:
            page = self.intercom("GET", "/contacts", **query)
            found += [contact for contact in page["data"] if contact.get("email") == email]
            following = (page.get("pages") or {}).get("next")
            if not following:
                return found
            query["starting_after"] = following["starting_after"]

    def expect(self, email: str, expected: dict[str, Any], seconds: float = STEP_SECONDS) -> None:
        """Wait until exactly one contact has that e-mail and all these values. StoryError after ``seconds``."""
        deadline = time.monotonic() + seconds
        while True:
            contacts = self.find_contacts(email)
            missing = missing_of(contacts, expected)
            if not missing:
                return
            if time.monotonic() > deadline or len(contacts) > 1:
                raise StoryError(f"{email}: {missing}")
            time.sleep(0.1)

    def intercom(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One call of Intercom's API; its JSON."""
        headers = {
            "Authorization": f"Bearer {self.stack.settings.intercom_token}",
            "Accept": "application/json",
            "Intercom-Version": "2.16",
        }
        address = f"{self.stack.intercom_url}{path}"
        answer = self.http.request(method, address, json=body, params=query, headers=headers, timeout=CALL_SECONDS)
        answer.raise_for_status()
        return answer.json()

    def wait_for(self, what: str, look: Callable[[], bool], seconds: float = STEP_SECONDS) -> None:
        """Until ``look`` answers True. StoryError with ``what`` after ``seconds``."""
        deadline = time.monotonic() + seconds
        while not look():
            if time.monotonic() > deadline:
                raise StoryError(f"{what}: not within {seconds:.0f} s")
            time.sleep(0.2)


def missing_of(contacts: list[Contact], expected: dict[str, Any]) -> str:
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


def difference_of(before: list[Contact], after: list[Contact]) -> str:
    if len(before) != len(after):
        return f"{len(after)} contacts instead of {len(before)}"
    pairs = zip(before, after, strict=True)
    changed = {name for old, new in pairs for name in {*old, *new} if old.get(name) != new.get(name)}
    return f"changed: {', '.join(sorted(changed))}"
