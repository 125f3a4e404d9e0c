"""Read who is to be synced: first Referral Factory's people, then Intercom's contacts, page by page under the run's lease.

A page is read quickly and its place stored after it, since nobody says how long a cursor lives while the work takes hours. What
needs nothing is counted at once; what needs a call goes into chunks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice

from shared.domain.contact import Contact
from shared.domain.person import fold_email
from shared.domain.sync.run import Chunk, Phase, RunState, SyncRun
from shared.domain.sync.sign_up_form import required_labels
from shared.domain.sync.source import filter_of, groups_of
from shared.domain.sync.tally import Tally
from shared.domain.vendor.limits import Priority
from shared.domain.vendor.retry import FAILURES_TO_SHRINK
from shared.errors import (
    ApplicationRefusedError,
    BusyError,
    NotFoundError,
    NotSentError,
    PermanentError,
    RejectedError,
    ResourceRefusedError,
    UnavailableError,
)
from shared.observability import logger
from shared.ports.vendors import ContactPage, Intercom, UserPage
from shared.use_cases.environment import Environment
from shared.use_cases.sync.learn_people import learn_people
from shared.use_cases.sync.sort_contacts import sort_contacts
from shared.use_cases.sync.sync_contact import OutOfTimeError

CHUNK = 25
MOST_EMPTY_PAGES = 3
MOST_PAGES = 40_000
TIME_FOR_PEOPLE = 25.0 + 8.0
TIME_FOR_CONTACTS = 10.0 + 8.0
"""Seconds that one page may need, with what it writes."""
LISTS = {"segment_id": "segment", "tag_id": "tag"}
REFUSED_STATUSES = frozenset({400, 404, 410, 422})
"""Answers to a search that may mean that its list is gone: which one it is, Intercom does not document."""


class SourceGoneError(PermanentError):
    """A list that is to be synced was deleted in Intercom."""


class Enumeration:
    """Reads on with a run whose lease is held. ``may_go_on`` raises when the run is to stop."""

    def __init__(
        self, environment: Environment, run: SyncRun, intercom: Callable[[], Intercom], may_go_on: Callable[[], None]
    ) -> None:
        self._environment = environment
        self._run = run
        self._intercom = intercom
        self._may_go_on = may_go_on

    def read_on(self) -> SyncRun:
        """Until all is read; then the run's phase is WORK. Raises OutOfTimeError, SourceGoneError, PermanentError, BusyError
        when the lease was lost, and what the ports raise."""
        while self._run.phase is not Phase.WORK:
            is_people = self._run.phase is Phase.PEOPLE
            if self._environment.time_left() < (TIME_FOR_PEOPLE if is_people else TIME_FOR_CONTACTS):
                raise OutOfTimeError
            self._may_go_on()
            if is_people:
                self._read_people()
            else:
                self._read_contacts()
        return self._run

    def _commit(self, change: Callable[[SyncRun], SyncRun], *, forward: bool = True) -> None:
        fence, now = self._run.fence, self._environment.clock.now()

        def fenced(fresh: SyncRun) -> SyncRun:
            if fresh.finished:
                raise NotFoundError("The run has finished meanwhile.")
            if fresh.fence != fence:
                raise BusyError("the run's lease was lost to another worker")
            changed = change(fresh)
            return replace(changed, touched_at=now, waits=0) if forward else changed

        self._run = self._environment.sync_runs.update(self._run.campaign_id, self._run.slot, fenced)

    # -- Referral Factory's people ------------------------------------------------------------------------------------

    def _read_people(self) -> None:
        number = self._run.people_page
        page = self._ask_people(number)
        own = [person for campaign_id, person in page.people if campaign_id == self._run.campaign_id and person.email]
        erased = self._environment.erasures.erased_among({fold_email(person.email or "") for person in own})
        remaining = [person for person in own if fold_email(person.email or "") not in erased]
        learn_people(self._environment.sync_members, self._run.campaign_id, remaining)
        is_last = not page.people or number >= MOST_PAGES or (page.last_page is not None and number >= page.last_page)

        def turn(fresh: SyncRun) -> SyncRun:
            failures = max(fresh.people_failures, page.smaller * FAILURES_TO_SHRINK)
            turned = replace(fresh, people_page=number + 1, people_failures=failures)
            return replace(turned, phase=Phase.CONTACTS) if is_last else turned

        self._commit(turn)

    def _ask_people(self, number: int) -> UserPage:
        smaller = self._run.people_failures // FAILURES_TO_SHRINK
        try:
            return self._environment.referral_factory(Priority.SYNC).users(number, smaller)
        except UnavailableError as error:
            if not isinstance(error, NotSentError):
                logger.warning("page of people did not come", page=number, smaller=smaller)
                self._commit(lambda fresh: replace(fresh, people_failures=fresh.people_failures + 1), forward=False)
            raise

    # -- Intercom's contacts ------------------------------------------------------------------------------------------

    def _read_contacts(self) -> None:
        page = self._ask()
        if page is None:
            return
        run = self._run
        empties = 0 if page.contacts else run.empty_pages + 1
        circles = page.cursor is not None and page.cursor == run.cursor
        if circles or run.page >= MOST_PAGES or (page.cursor is not None and empties > MOST_EMPTY_PAGES):
            raise PermanentError("Intercom's pages lead in a circle; the list was not read to its end.")
        announced = run.announced if run.cursor is not None else (run.announced or 0) + (page.total or len(page.contacts))
        sorted_ = sort_contacts(self._environment, run, self._intercom, self._not_yet_read(page.contacts), self._learn_form)
        if page.cursor is None:
            self._check_lists(run.tally.seen + sorted_.tally.seen, announced or 0)
        chunks = [
            Chunk(run.chunks + index, tuple(sorted_.to_work[start : start + CHUNK]))
            for index, start in enumerate(range(0, len(sorted_.to_work), CHUNK))
        ]
        for chunk in chunks:
            self._environment.sync_runs.add_chunk(run, chunk)
        if run.settings.kind.is_list and (run.whole or len(groups_of(run.settings.ids)) > 1):
            self._environment.sync_runs.add_page(run, run.page, [contact.id for contact in page.contacts])

        now = self._environment.clock.now()

        def turn(fresh: SyncRun) -> SyncRun:
            turned = replace(
                fresh,
                page=fresh.page + 1,
                cursor=page.cursor,
                empty_pages=empties,
                page_failures=max(fresh.page_failures, page.smaller * FAILURES_TO_SHRINK),
                announced=announced,
                chunks=run.chunks + len(chunks),
                tally=fresh.tally.plus(sorted_.tally),
            )
            return turned if page.cursor is not None else _next_group(turned, now)

        self._commit(turn)

    def _ask(self) -> ContactPage | None:
        """None: the cursor was refused, and the reading begins from the start, once a run."""
        run = self._run
        wanted, smaller = filter_of(run.settings, run.group, run.changed_since), run.page_failures // FAILURES_TO_SHRINK
        try:
            return self._intercom().read_contacts(wanted, run.cursor, smaller)
        except (RejectedError, UnavailableError, ApplicationRefusedError, ResourceRefusedError) as error:
            if error.status in REFUSED_STATUSES:
                self._check_lists(0, 1)
            if isinstance(error, RejectedError) and run.cursor is not None and not run.begun_anew:
                logger.warning("cursor refused, contacts are read from the start", campaign_id=run.campaign_id)
                self._commit(_begun_anew)
                return None
            if isinstance(error, UnavailableError) and not isinstance(error, NotSentError):
                logger.warning("page of contacts did not come", failures=run.page_failures + 1, smaller=smaller)
                self._commit(lambda fresh: replace(fresh, page_failures=fresh.page_failures + 1), forward=False)
            raise

    def _check_lists(self, seen: int, announced: int) -> None:
        """A deleted segment or tag shows as a refusal, or as fewer contacts than there were said to be. Looked up only then,
        and when there are several lists, for one among them shows by nothing."""
        run = self._run
        wanted = filter_of(run.settings, run.group, None)
        if not wanted.list_field or (len(run.settings.ids) == 1 and seen and (not run.whole or seen >= announced)):
            return
        list_ids = self._intercom().list_ids(wanted.list_field)
        missing = [list_id for list_id in wanted.list_ids if list_id not in list_ids]
        if missing:
            name = LISTS[wanted.list_field]
            raise SourceGoneError(f"The {name} {', '.join(missing)} is no longer in Intercom; choose another one.")

    def _not_yet_read(self, contacts: Sequence[Contact]) -> Sequence[Contact]:
        """Without whom an earlier search of this run has brought: lists of two groups may share a contact."""
        run = self._run
        if run.group == 0:
            return contacts
        ids = {contact.id for contact in contacts}
        for page in islice(self._environment.sync_runs.pages(run.campaign_id, run.slot), run.page):
            ids.difference_update(page)
        return [contact for contact in contacts if contact.id in ids]

    def _learn_form(self) -> SyncRun:
        """The run, with what a new person must have. Asked once a run, and only if there is somebody to add."""
        if self._run.required is not None:
            return self._run
        if self._environment.time_left() < TIME_FOR_PEOPLE:
            raise OutOfTimeError
        try:
            form = self._environment.referral_factory(Priority.SYNC).form(self._run.campaign_id)
        except PermanentError as error:
            logger.warning("form not read", campaign_id=self._run.campaign_id, status=error.status)
            form = ()  # what is missing is then refused person by person
        required = required_labels(form, self._run.settings.mapping)
        self._commit(lambda fresh: replace(fresh, required=required))
        return self._run


def _begun_anew(run: SyncRun) -> SyncRun:
    """What was read is read again; chunks and pages are written over."""
    again = replace(run, begun_anew=True, group=0, cursor=None, page=0, empty_pages=0)
    return replace(again, announced=None, chunks=0, tally=Tally())


def _next_group(run: SyncRun, now: float) -> SyncRun:
    """After the last page of one search: the next group of lists, or the work."""
    if run.settings.kind.is_list and run.group + 1 < len(groups_of(run.settings.ids)):
        return replace(run, group=run.group + 1, cursor=None, empty_pages=0)
    return replace(run, phase=Phase.WORK, state=RunState.WORKING, work_from=now, before_work=run.tally.finished)
