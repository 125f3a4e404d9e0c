"""The lines that tell an outage from one person's trouble, and that let trouble end, each with a way to break it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shared.adapters import secrets
from shared.adapters.intercom import connection_gate
from shared.adapters.intercom.client import IntercomClient
from shared.domain.campaign.campaign import Campaign
from shared.domain.referrer.reward import Reward
from shared.domain.signup.referral import Referral
from shared.domain.vendor import retry
from shared.errors import ApplicationRefusedError, RejectedError
from shared.use_cases.contact import find_contact, merge_lead
from shared.use_cases.qualification import report_qualification
from shared.use_cases.referrer import update_referrer
from shared.use_cases.signup import look_again
from shared.use_cases.signup.compare_people import PeopleComparison
from shared.use_cases.sync import enumerate_contacts
from shared.use_cases.vendor.guard_vendor import VendorGuard
from tests.simulation.play.sabotage import Patch


def nobody_is_asked_about_others(patch: Patch) -> None:
    patch.setattr(VendorGuard, "_answers_others", lambda _: False)


def whoever_fails_again_counts_again(patch: Patch) -> None:
    failed = VendorGuard.failed
    patch.setattr(VendorGuard, "failed", lambda self, error, **_: failed(self, error))


def own_trouble_never_ends(patch: Patch) -> None:
    patch.setattr(retry.Trouble, "is_over", lambda *_: False)


def writes_are_never_an_outage(patch: Patch) -> None:
    patch.setattr(VendorGuard, "_failed_write", lambda *_, **__: True)


def a_401_is_a_lost_connection(patch: Patch) -> None:
    patch.setattr(IntercomClient, "_takes_token", lambda _: False)


def a_refused_application_is_the_persons_trouble(patch: Patch) -> None:
    whose = IntercomClient._whose

    def persons(self: Any, error: Any, path: str) -> Any:
        refused = whose(self, error, path)
        is_application = isinstance(refused, ApplicationRefusedError)
        return RejectedError(str(refused), vendor="intercom", status=refused.status) if is_application else refused

    patch.setattr(IntercomClient, "_whose", persons)


def any_id_of_a_conflict_is_adopted(patch: Patch) -> None:
    patch.setattr(find_contact.ContactFinder, "named", lambda self, contact_id: self._intercom.get_contact(contact_id))


def leads_are_merged_unasked(patch: Patch) -> None:
    audience = Campaign.audience
    patch.setattr(Campaign, "audience", lambda self, which: replace(audience(self, which), merge_leads=True))


def our_own_merge_qualifies(patch: Patch) -> None:
    patch.setattr(merge_lead, "replace", lambda person, **_: person)


def what_a_campaign_lacks_is_not_noted(patch: Patch) -> None:
    patch.setattr(update_referrer.ReferrerUpdateAttempt, "_note_lack", lambda *_: None)


def people_are_asked_for_in_whole_pages(patch: Patch) -> None:
    patch.setattr(enumerate_contacts, "FAILURES_TO_SHRINK", 10**9)


def rewards_are_asked_for_in_whole_pages(patch: Patch) -> None:
    patch.setattr(retry, "FAILURES_TO_SHRINK", 10**9)


def a_refused_reward_is_settled(patch: Patch) -> None:
    patch.setattr(Reward, "wants_issuing", property(lambda self: self.to_issue and self.ended_at is None and not self.note))


def a_refused_qualification_is_nobodys_trouble(patch: Patch) -> None:
    patch.setattr(report_qualification, "_refused", lambda row, *_: row)


def one_refused_event_is_a_missing_permission(patch: Patch) -> None:
    patch.setattr(IntercomClient, "_about_nobody", lambda *_: 403)


def deleted_referrers_are_asked_for_again(patch: Patch) -> None:
    ask_for = PeopleComparison._ask_for

    def forgetful(self: Any, user_id: int) -> Any:
        found = ask_for(self, user_id)
        if found is None:
            self._asked.pop(user_id, None)
        return found

    patch.setattr(PeopleComparison, "_ask_for", forgetful)


def deleted_referrers_are_not_remembered(patch: Patch) -> None:
    ask_for = PeopleComparison._ask_for

    def unsure(self: Any, user_id: int) -> Any:
        found = ask_for(self, user_id)
        self._asked[user_id] &= found is not None
        return found

    patch.setattr(PeopleComparison, "_ask_for", unsure)


def a_known_secret_is_not_kept(patch: Patch) -> None:
    def read(self: Any, arn: str, *, fresh: bool = False) -> Any:
        known = self._known.get(arn)
        if fresh or known is None or self._clock.now() - known[0] >= secrets.SECRETS_KEPT_SECONDS:
            self._known[arn] = known = (self._clock.now(), self._fetch(arn))
        return known[1]

    patch.setattr(secrets.Secrets, "read", read)


def a_hanging_store_of_secrets_is_asked_each_time(patch: Patch) -> None:
    patch.setattr(secrets, "ASK_AGAIN", -secrets.SECRETS_KEPT_SECONDS)


def what_is_dealt_with_stays_open(patch: Patch) -> None:
    patch.setattr(Referral, "open_troubles", property(lambda self: self.troubles))


def what_is_dealt_with_is_closed_for_good(patch: Patch) -> None:
    patch.setattr(Referral, "open_troubles", property(lambda self: frozenset() if self.dealt_with else self.troubles))


def what_somebody_mended_is_not_seen(patch: Patch) -> None:
    patch.setattr(look_again, "_mended_at", lambda _: 0.0)


def what_is_given_up_is_sent_again_and_again(patch: Patch) -> None:
    patch.setattr(look_again, "_given_up_at", lambda _: -1.0)


def come_again_later_is_an_answer(patch: Patch) -> None:
    patch.setattr(connection_gate, "says_nothing", lambda status: status >= 500)
