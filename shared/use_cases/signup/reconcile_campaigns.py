"""Find by polling what a webhook should have reported: Referral Factory sends each webhook once, or never.

Reads the account's user list, 250 people a call, in the order that was probed; a nightly pass, and any pass over a list
without order, reads all of it, resumed where the time ran out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.signup.completeness import Tally
from shared.domain.signup.reconcile import Order, Progress, first_page_to_read, order_of, reaches_high_water
from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL
from shared.domain.vendor.retry import FAILURES_TO_SHRINK
from shared.errors import FailureError, NotSentError, RateLimitedError, UnavailableError
from shared.observability import logger
from shared.ports.vendors import UserPage
from shared.use_cases.environment import Environment
from shared.use_cases.signup.compare_people import PeopleComparison
from shared.use_cases.signup.reconcile_progress import USERS_PROGRESS, counted, progress_of, prove_completeness

PAUSES = (2.0, 4.0)
"""Seconds before a page is asked for a second and a third time."""
SCAN_AGAIN_AFTER = 86_400.0
MOST_PEOPLE_PAGES = 400
"""Pages of one pass: 100,000 people."""


@dataclass(slots=True)
class Seen:
    """What one pass saw: pages, people, and the highest user id."""

    pages: int = 0
    people: int = 0
    highest: int = 0


class Reconciliation:
    """One pass. Raises what the Referral Factory port raises, and TransientError when somebody's row could not be written;
    what was found is kept."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._began_at = environment.clock.now()
        self._campaigns: Mapping[int, Campaign] = {}
        self._progress = Progress()
        self._seen = Seen()
        self._comparison = PeopleComparison(environment, {})
        self._pages: dict[int, Sequence[int]] = {}
        self._people: dict[int, Sequence[tuple[int, int]]] = {}
        self._added_lately: frozenset[int] = frozenset()
        self._last_page = 0

    @property
    def found(self) -> int:
        """How many people were added so far, also when the pass failed."""
        return len(self._comparison.added)

    def run(self, *, full: bool = False) -> None:
        """``full`` begins a scan of the whole list, as does a day without one; a scan that was begun goes on in any case."""
        environment = self._environment
        self._campaigns = {campaign.campaign_id: campaign for campaign in environment.campaigns.list()}
        self._progress = progress_of(environment.progresses.find(USERS_PROGRESS))
        self._comparison = PeopleComparison(environment, self._campaigns, tells_qualified=self._progress.tells_qualified)
        if not any(campaign.status is not Status.DRAFT for campaign in self._campaigns.values()):
            environment.metrics.count("ReconcileSucceeded")
            return
        self._read_newest()
        scan_is_due = environment.clock.now() - self._progress.scanned_at >= SCAN_AGAIN_AFTER
        if (full or scan_is_due) and not self._progress.scan_page:
            self._begin_scan()
        if self._progress.scan_page:
            self._scan()
        if self._comparison.failures:  # their pages are read again: the marks stay where they were
            self._keep_place()
            raise self._comparison.failures[0]
        self._finish()

    # -- the newest people --------------------------------------------------------------------------------------------

    def _read_newest(self) -> None:
        """From the end of the list at which new people appear, down to the mark."""
        self._read(1)
        if self._progress.scan_page and self._progress.order is Order.UNKNOWN:
            return  # of a list without order the scan tells all; with slow answers both would not fit into one pass
        if self._last_page > 1 and self._progress.order is not Order.DESCENDING:
            self._read(self._last_page)
        order = order_of(self._pages[1], self._pages.get(self._last_page, ()))
        self._progress = replace(self._progress, order=order)
        if order is Order.DESCENDING:
            self._read_down()
        elif order is Order.ASCENDING:
            self._read_up()
        elif not self._progress.scan_page:
            self._begin_scan()
        if order is not Order.UNKNOWN:
            self._set_activation_mark()

    def _read_down(self) -> None:
        page = 1
        while page < self._last_page and not reaches_high_water(self._pages[page], self._progress.high_water):
            if not self._may_go_on():
                self._leave_to_scan(page)
                return
            page += 1
            self._read(page)
        self._added_lately = frozenset(self._comparison.added)

    def _read_up(self) -> None:
        """The newest page first: one of known people that does not come hides nobody new. When somebody leaves meanwhile, the
        others move towards pages that are still to be read."""
        begin = first_page_to_read(min(self._progress.last_page, self._last_page))
        for page in range(max(self._pages), begin - 1, -1):
            if not self._may_go_on():
                self._leave_to_scan(begin)
                return
            self._read(page)

    def _leave_to_scan(self, page: int) -> None:
        """Not all new people were reached: only a scan will, one that comes to this page and what deletions moved before it."""
        if not self._progress.scan_page:
            self._begin_scan()
        elif page - 1 < self._progress.scan_page:
            self._progress = replace(self._progress, scan_page=max(1, page - 1), tally=None)

    # -- the whole list -----------------------------------------------------------------------------------------------

    def _begin_scan(self) -> None:
        self._progress = replace(self._progress, scan_page=1, scan_began_at=self._environment.clock.now(), tally=Tally())

    def _scan(self) -> None:
        try:
            while self._progress.scan_page <= self._last_page and self._may_go_on():
                failed_before = len(self._comparison.failures)
                self._read(self._progress.scan_page)
                if len(self._comparison.failures) > failed_before:
                    return
                self._count(self._progress.scan_page)
                self._progress = replace(self._progress, scan_page=self._progress.scan_page + 1)
        except RateLimitedError as error:
            if error.status is not None:  # the vendor's own word
                self._keep_place()
                raise
            logger.info("scan goes on with the next pass", scan_page=self._progress.scan_page)
        except FailureError:
            self._keep_place()
            raise
        if self._progress.scan_page > self._last_page and not self._comparison.failures:
            if self._progress.tally is not None:
                prove_completeness(self._environment, self._comparison, self._campaigns, self._progress.tally)
            self._progress = replace(self._progress, scan_page=0, scanned_at=self._progress.scan_began_at, tally=None)
            self._set_activation_mark()

    def _keep_place(self) -> None:
        """A scan that fails on the way goes on where it was: the pages before are compared already."""
        stored = progress_of(self._environment.progresses.find(USERS_PROGRESS))
        failed = {name: getattr(self._progress, name) for name in ("page_failures", "failed_at")}
        kept = replace(stored, **self._newest_scan(stored), **failed)
        self._environment.progresses.save(USERS_PROGRESS, {**asdict(kept), "order": str(kept.order)})

    def _newest_scan(self, stored: Progress) -> dict[str, Any]:
        """Where the scan stands; a pass beside this one may have begun another since."""
        newest = max(self._progress, stored, key=lambda one: one.scan_began_at)
        return {name: getattr(newest, name) for name in ("scan_page", "scan_began_at", "scanned_at", "tally")}

    def _count(self, number: int) -> None:
        """The people of a page, with their rows as the comparison left them."""
        if self._progress.tally is not None:
            people, seen = self._people[number], self._comparison.unchanged
            tally = counted(self._environment, self._comparison, self._campaigns, self._progress.tally, people, seen)
            self._progress = replace(self._progress, tally=tally)

    def _set_activation_mark(self) -> None:
        """A campaign that was activated while Referral Factory could not be asked gets its mark as soon as the newest person is
        seen: at the end of an ordered list, or after a scan."""
        for campaign in self._campaigns.values():
            if campaign.status is not Status.DRAFT and campaign.activation_mark is None and not campaign.backfill:
                self._environment.campaigns.set_activation_mark(
                    campaign.campaign_id, max(self._progress.high_water, self._seen.highest)
                )

    # -- one page -----------------------------------------------------------------------------------------------------

    def _may_go_on(self) -> bool:
        return self._environment.time_left() >= LONGEST_REFERRAL_FACTORY_CALL and self._seen.pages < MOST_PEOPLE_PAGES

    def _read(self, number: int) -> None:
        if number in self._pages:
            return
        page = self._ask(number)
        people = list(page.people)
        self._pages[number] = [person.user_id for _, person in people]
        self._people[number] = [(campaign_id, person.user_id) for campaign_id, person in people]
        self._last_page = max(page.last_page or number, number if people else 1)
        self._seen.pages += 1
        self._seen.people += len(people)
        self._seen.highest = max(self._seen.highest, *self._pages[number], 0)
        self._comparison.compare(people)
        self._progress = replace(self._progress, tells_qualified=self._comparison.tells_qualified)

    def _ask(self, number: int) -> UserPage:
        """A page that was not answered is asked for again, a little later, while the time suffices: else whoever is on it
        would wait for the next pass. Of a page in parts, those that came are kept meanwhile."""
        came: dict[tuple[int, int], Any] = {}
        parts, pauses = 0, iter(PAUSES)
        while True:
            try:
                return self._users(number, came)
            except (UnavailableError, RateLimitedError) as error:
                if len(came) > parts:  # each part has its own tries
                    parts, pauses = len(came), iter(PAUSES)
                pause = next(pauses, None)
                if pause is None:
                    self._doubt_size()
                    raise
                refused = isinstance(error, RateLimitedError) and error.status is not None
                if refused or self._environment.time_left() < LONGEST_REFERRAL_FACTORY_CALL + pause:
                    raise
                logger.info("page asked for again", page=number, error=type(error).__name__, status=error.status)
                self._environment.clock.sleep(pause)

    def _doubt_size(self) -> None:
        """What does not come in smaller parts either is no matter of size."""
        if self._progress.smaller(self._environment.clock.now()):
            self._progress = replace(self._progress, page_failures=0)
            self._keep_place()

    def _users(self, number: int, came: dict[tuple[int, int], Any]) -> UserPage:
        """In smaller parts once two pages did not come; an outage looks the same for a while."""
        now, failures = self._environment.clock.now(), self._progress.page_failures
        smaller = self._progress.smaller(now)
        try:
            page = self._environment.referral_factory().users(number, smaller, came)
        except UnavailableError as error:
            if not isinstance(error, NotSentError):
                if not smaller:
                    failures += 1
                    self._progress = replace(self._progress, page_failures=failures, failed_at=now)
                    self._keep_place()
                logger.warning("page of people did not come", page=number, failures=failures, smaller=smaller)
            raise
        if page.smaller > smaller:
            logger.warning("page of people was too large", page=number)
            self._progress = replace(self._progress, page_failures=max(FAILURES_TO_SHRINK, failures + 1), failed_at=now)
        elif failures and not smaller:
            self._progress = replace(self._progress, page_failures=0)
        return page

    def _marks(self) -> tuple[int, int]:
        """The user id and the page up to which people are known. Where somebody was added at the begin of a descending list,
        the next pass looks once more: a page that shifted while it was read may have hidden somebody beside them. Pages that
        an ascending list gained meanwhile were not read."""
        highest = min(self._added_lately, default=self._seen.highest + 1) - 1
        return max(self._progress.high_water, highest), max(self._pages)

    def _finish(self) -> None:
        now = self._environment.clock.now()
        high_water, last_page = self._marks()
        stored = progress_of(self._environment.progresses.find(USERS_PROGRESS))
        self._progress = replace(
            self._progress,
            **self._newest_scan(stored),
            high_water=high_water,
            last_page=last_page,
            began_at=self._began_at,
            succeeded_at=now,
        )
        self._environment.progresses.save(USERS_PROGRESS, {**asdict(self._progress), "order": str(self._progress.order)})
        metrics = self._environment.metrics
        metrics.count("ReconcileSucceeded")
        metrics.count("SignupFoundByReconcile", self.found)
        lag = now - self._progress.scanned_at if self._progress.order is Order.UNKNOWN and self._progress.scanned_at else 0.0
        metrics.gauge("ReconcileLagSeconds", lag)
        logger.info(
            "reconciled",
            pages=self._seen.pages,
            seen=self._seen.people,
            added=self.found,
            completed=self._comparison.completed,
            highest=self._seen.highest,
            order=str(self._progress.order),
            scan_page=self._progress.scan_page,
        )
