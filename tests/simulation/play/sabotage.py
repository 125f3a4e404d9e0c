"""The lines that guard the promise, each with a way to break it. Only tests can reach these switches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from shared.adapters.dynamodb.contact import people
from shared.adapters.dynamodb.signup import referrals
from shared.adapters.dynamodb.signup.inbox import DynamoInbox
from shared.adapters.dynamodb.table import Table, attributes_of
from shared.adapters.dynamodb.vendor import limiter_referral_factory, strikes
from shared.adapters.referral_factory import client as referral_factory_client
from shared.adapters.referral_factory import reading
from shared.adapters.referral_factory.webhook_secrets import WebhookSecrets
from shared.domain.campaign.campaign import DuplicatePolicy
from shared.domain.referrer.referrer import ReferrerRecord
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import State
from shared.domain.sync.run import SyncHead
from shared.domain.vendor import retry
from shared.domain.vendor.limits import Strikes
from shared.errors import PermanentError
from shared.observability import logger
from shared.runtime import batch
from shared.use_cases.contact import create_contact, find_contact, write_attempt, write_contact
from shared.use_cases.operations import enqueue_due
from shared.use_cases.qualification import read_contact
from shared.use_cases.referrer import update_referrer
from shared.use_cases.signup import (
    accept_signup,
    await_confirmation,
    check_delivered,
    compare_people,
    confirm_signup,
    deliver_contact,
    put_aside,
    write_signup,
)
from shared.use_cases.sync import end_sync, sync_page
from shared.use_cases.vendor import guard_vendor
from shared.use_cases.vendor.guard_vendor import VendorGuard

Patch = pytest.MonkeyPatch
Writer = write_contact.ContactWriter


def dedupe_row_before_the_enqueue(patch: Patch) -> None:
    store = accept_signup.store_message

    def deduped(environment: Any, queue: Any, message: Any, stored_in_inbox: str) -> None:
        key = {"S": f"INBOX#seen-{message.campaign_id}-{message.fields['id']}"}
        if environment.inbox._table.put({"pk": key, "sk": {"S": "SEEN"}}, "attribute_not_exists(pk)"):
            store(environment, queue, message, stored_in_inbox)

    patch.setattr(accept_signup, "store_message", deduped)


def lag_wait_skipped(patch: Patch) -> None:
    patch.setattr(create_contact.ContactCreator, "wait_out_search_lag", lambda _: None)


def reservation_not_written(patch: Patch) -> None:
    save = people.DynamoPeople.save
    patch.setattr(people.DynamoPeople, "save", lambda self, person: save(self, replace(person, reservation=None)))


def fence_ignored(patch: Patch) -> None:
    def unconditional(self: Any, person: Any, expression: str, values: Mapping[str, Any]) -> bool:
        key = people.key_of_person(person.workspace_id, person.email)
        self._table.update(key, people.PERSON, expression, "attribute_exists(pk)", dict(values))
        return True

    patch.setattr(people.DynamoPeople, "_under_lease", unconditional)


def lease_and_fence_ignored(patch: Patch) -> None:
    fence_ignored(patch)
    lease = people.DynamoPeople.lease
    patch.setattr(
        people.DynamoPeople,
        "lease",
        lambda self, workspace, email, owner, now, _: lease(self, workspace, email, owner, now, -1.0),  # over at once
    )


def contact_id_forgotten(patch: Patch) -> None:
    lease = people.DynamoPeople.lease
    patch.setattr(
        people.DynamoPeople,
        "lease",
        lambda self, *given: replace(lease(self, *given), contact_id=None, ours=False, reservation=None),
    )


def conflict_is_an_error(patch: Patch) -> None:
    def refuse(_: Any, __: Any) -> Any:
        raise PermanentError("Intercom has such a contact already.")

    patch.setattr(Writer, "_adopt_duplicate", refuse)


def secret_not_checked(patch: Patch) -> None:
    patch.setattr(WebhookSecrets, "check", lambda *_: None)


def activation_mark_forgotten(patch: Patch) -> None:
    patch.setattr(compare_people, "_joined_before", lambda *_: False)
    patch.setattr(put_aside, "joined_before", lambda *_: False)


def sweep_rings_while_the_breaker_is_open(patch: Patch) -> None:
    patch.setattr(enqueue_due, "_budget", lambda *_: enqueue_due.PACE)


def strikes_in_memory(patch: Patch) -> None:
    def update(self: Any, _: Any, change: Callable[[Strikes], Strikes]) -> tuple[Strikes, Strikes]:
        before = getattr(self, "kept", Strikes())
        self.kept = change(before)
        return before, self.kept

    patch.setattr(strikes.DynamoStrikes, "update", update)
    patch.setattr(strikes.DynamoStrikes, "find", lambda self, _: getattr(self, "kept", Strikes()))


def waiting_rows_are_never_due(patch: Patch) -> None:
    patch.setattr(Referral, "waiting", lambda self, _, reason: replace(self, state=State.PENDING, due_at=None, reason=reason))


def inbox_not_written(patch: Patch) -> None:
    patch.setattr(DynamoInbox, "add", lambda *_, **__: None)


def inbox_row_removed_before_the_send(patch: Patch) -> None:
    find = DynamoInbox.find

    def find_and_remove(self: Any, inbox_id: str) -> Any:
        message = find(self, inbox_id)
        self.remove(inbox_id)
        return message

    patch.setattr(DynamoInbox, "find", find_and_remove)


def limiter_off(patch: Patch) -> None:
    patch.setattr(limiter_referral_factory.ReferralFactoryLimiter, "acquire", lambda *_, **__: "permit")
    patch.setattr(limiter_referral_factory.ReferralFactoryLimiter, "finish", lambda *_, **__: None)


def skip_overwrites(patch: Patch) -> None:
    wanted = write_signup.wanted_of
    patch.setattr(write_signup, "wanted_of", lambda *given: replace(wanted(*given), duplicates=DuplicatePolicy.UPDATE))


def every_contact_of_ours_belongs_to_every_row(patch: Patch) -> None:
    def is_own(self: Any, contact_id: str) -> bool:
        return bool(self.person.ours and self.person.contact_id == contact_id)

    patch.setattr(write_attempt.WriteAttempt, "is_own", is_own)


def values_of_a_search_are_believed(patch: Patch) -> None:
    def search(self: Any) -> Any:
        return list(self._intercom.search_by_email(self._email))

    patch.setattr(find_contact.ContactFinder, "search", search)


def facts_reported_meanwhile_are_forgotten(patch: Patch) -> None:
    patch.setattr(write_signup, "wants_differ", lambda *_: False)


def defaults_go_into_every_write(patch: Patch) -> None:
    wanted = write_signup.wanted_of

    def with_defaults(*given: Any) -> Any:
        made = wanted(*given)
        return replace(made, values={**made.creation_values, **made.values})

    patch.setattr(write_signup, "wanted_of", with_defaults)


def address_in_the_log(patch: Patch) -> None:
    record = write_signup._record

    def telling(environment: Any, row: Any, *given: Any) -> None:
        logger.info("contact delivered", email=row.person.email)
        record(environment, row, *given)

    patch.setattr(write_signup, "_record", telling)


def own_write_taken_for_anothers(patch: Patch) -> None:
    def put(self: Any, item: Any, condition: str = "", values: Any = None) -> bool:
        request: dict[str, Any] = {"Item": {**item, "write_id": {"S": self.new_write_id()}}}
        if condition:
            request["ConditionExpression"] = condition
        if values:
            request["ExpressionAttributeValues"] = attributes_of(values)
        return self._conditionally(self.client.put_item, item["pk"]["S"], item["sk"]["S"], request) is None

    patch.setattr(Table, "put", put)


def records_taken_to_the_last_second(patch: Patch) -> None:
    patch.setattr(batch, "STOP_WITH_LESS_THAN", 0.0)


def no_check_after_a_create(patch: Patch) -> None:
    patch.setattr(check_delivered, "SEARCH_SURE", 10**9)


def what_was_left_out_is_forgotten(patch: Patch) -> None:
    patch.setattr(Referral, "looking", lambda self, _: self)


def every_trouble_is_a_rows_own(patch: Patch) -> None:
    patch.setattr(VendorGuard, "failed", lambda *_, **__: True)


def deleted_contacts_are_brought_back(patch: Patch) -> None:
    patch.setattr(Writer, "_bring_back", lambda self, _: self._create())


def reopened_rows_are_only_checked(patch: Patch) -> None:
    due_row = referrals._due_row
    patch.setattr(referrals, "_due_row", lambda item: replace(due_row(item), settles="promised_at" in item))


def lease_kept_after_a_failure(patch: Patch) -> None:
    patch.setattr(update_referrer, "give_back", lambda _: None)


def tries_without_a_call_are_kept(patch: Patch) -> None:
    succeeded = guard_vendor.VendorGuard.succeeded

    def keeping(self: Any) -> None:
        self._try = None
        succeeded(self)

    patch.setattr(guard_vendor.VendorGuard, "succeeded", keeping)


def readings_ignore_the_breaker(patch: Patch) -> None:
    ask = read_contact._ask

    def asking(environment: Any, *given: Any) -> Any:
        with pytest.MonkeyPatch.context() as inside:
            inside.setattr(guard_vendor.VendorGuard, "admit", lambda _: None)
            return ask(environment, *given)

    patch.setattr(read_contact, "_ask", asking)


def promise_counts_from_the_signup(patch: Patch) -> None:
    patch.setattr(Referral, "waits_since", property(lambda self: self.accepted_at))


def pages_stay_large(patch: Patch) -> None:
    patch.setattr(retry, "FAILURES_TO_SHRINK", 10**9)


def answers_too_large_are_an_outage(patch: Patch) -> None:
    patch.setattr(referral_factory_client, "PARTS", (referral_factory_client.PAGE_SIZE,))


def webhooks_are_believed(patch: Patch) -> None:
    patch.setattr(write_signup, "may_write", lambda *_: True)


def creates_never_wait(patch: Patch) -> None:
    patch.setattr(write_signup, "may_create", lambda *_: True)


def facts_of_a_webhook_outlive_the_confirmation(patch: Patch) -> None:
    remember = confirm_signup.remember_signup

    def remembering(environment: Any, campaign_id: int, person: Any, *given: Any, **named: Any) -> Any:
        before = environment.referrals.get(campaign_id, person.user_id).person
        return remember(environment, campaign_id, before, *given, **named)

    patch.setattr(confirm_signup, "remember_signup", remembering)


def whoever_waited_is_written(patch: Patch) -> None:
    waited = await_confirmation.CONFIRM_WITHIN

    def has_waited(environment: Any, row: Any) -> bool:
        return row.confirm_since is not None and environment.clock.now() - row.confirm_since >= waited

    patch.setattr(await_confirmation, "_has_waited", has_waited)


def what_stood_there_is_not_kept(patch: Patch) -> None:
    patch.setattr(write_signup, "_keep", lambda *_: None)


def any_text_is_a_link(patch: Patch) -> None:
    patch.setattr(reading, "is_link", lambda _: True)


def runs_outlive_their_workspace(patch: Patch) -> None:
    patch.setattr(sync_page, "reason_to_leave", lambda *_: None)
    patch.setattr(end_sync, "reason_to_leave", lambda *_: None)


def heads_are_of_every_workspace(patch: Patch) -> None:
    patch.setattr(SyncHead, "is_of", lambda self, source_key, _: self.fingerprint == source_key)


def rows_are_of_every_workspace(patch: Patch) -> None:
    patch.setattr(Referral, "is_elsewhere", lambda *_: False)


def referrers_are_of_every_workspace(patch: Patch) -> None:
    patch.setattr(ReferrerRecord, "in_workspace", lambda self, _: self)


def whoever_did_not_say_refers(patch: Patch) -> None:
    patch.setattr(deliver_contact, "awaits_audience", lambda *_: False)


@contextmanager
def sabotaged(how: Callable[[Patch], None]) -> Iterator[None]:
    """Meanwhile the line is broken."""
    with pytest.MonkeyPatch.context() as patch:
        how(patch)
        yield
