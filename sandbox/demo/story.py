"""What happens in the demo, over HTTP only, as outsiders would do and see it. Later chapters add steps to ``Story.steps``."""

from __future__ import annotations

import time
from collections.abc import Callable

from sandbox.demo.earning import Earning
from sandbox.demo.outside import CALL_SECONDS, Outside, StoryError, difference_of
from sandbox.demo.people import CAMPAIGN, EXISTING_SKIPPED, EXISTING_UPDATED, INVITED, REFERRING, build_settings
from sandbox.demo.sync import SyncStory
from sandbox.stack.stack import Stack

QUIET_SECONDS = 3.0
"""How long nothing may happen where nothing should."""


class Story:
    """The steps, in order, and what one step leaves for the next."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.link = ""
        self.outside = Outside(stack)
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
            *Earning(self.outside).steps,
            *SyncStory(stack, self.outside.http, StoryError).steps,
        ]

    def close(self) -> None:
        self.outside.http.close()

    def configure(self, duplicates: str) -> None:
        """Save the settings of campaign 1 by the API, as the console does."""
        address = f"{self.stack.url}/api/campaigns/{CAMPAIGN}"
        headers = {"Authorization": f"Bearer {self.stack.token()}"}
        present = self.outside.http.get(address, headers=headers, timeout=CALL_SECONDS)
        if present.status_code == 200:
            headers["If-Match"] = present.headers["ETag"]
        answer = self.outside.http.put(address, json=build_settings(duplicates), headers=headers, timeout=CALL_SECONDS)
        if answer.status_code not in (200, 201):
            raise StoryError(f"PUT /api/campaigns/{CAMPAIGN} answered {answer.status_code}: {answer.text[:600]}")

    def sign_up_person_referring(self) -> None:
        campaign = self.outside.referral_factory("GET", f"/campaigns/{CAMPAIGN}")
        self.outside.sign_up(str(campaign["code"]), REFERRING)
        self.link = str(self.outside.find_person(REFERRING["email"])["url"])
        expected = {"role": "user", "name": "Rita", "custom_attributes.referral_link": self.link}
        self.outside.expect(REFERRING["email"], expected)

    def sign_up_person_invited(self) -> None:
        self.outside.sign_up(self.outside.code_of(self.link), INVITED)
        person = self.outside.find_person(INVITED["email"])
        self.outside.expect(
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
        before = self.outside.find_contacts(EXISTING_SKIPPED["email"])
        self.outside.sign_up(self.outside.code_of(self.link), EXISTING_SKIPPED)
        witness = {**INVITED, "first_name": "Wim", "email": "wim.witness@example.com"}
        self.outside.sign_up(self.outside.code_of(self.link), witness)
        self.outside.expect(witness["email"], {"role": "lead"})  # delivered after Ada's signup, so hers is done soon
        time.sleep(QUIET_SECONDS)
        if (after := self.outside.find_contacts(EXISTING_SKIPPED["email"])) != before:
            raise StoryError(f"the contact of {EXISTING_SKIPPED['email']} is not what it was: {difference_of(before, after)}")

    def sign_up_known_with_update(self) -> None:
        self.outside.sign_up(self.outside.code_of(self.link), EXISTING_UPDATED)
        person = self.outside.find_person(EXISTING_UPDATED["email"])
        self.outside.expect(
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
