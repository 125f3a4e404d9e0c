"""Find by polling what a webhook should have told: Referral Factory sends each webhook once, or never.

Reads the account's user list, 250 people a call, in the order that was probed; a nightly pass, and any pass over a list
without order, reads all of it, resumed where the time ran out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from shared.domain.campaign import Campaign, Status
from shared.domain.person import Person, Referrer, merge
from shared.domain.reconcile import Order, Progress, first_page_to_read, order_of, reaches_known
from shared.domain.referral import Origin, Referral
from shared.errors import FailureError, RateLimitedError, TransientError, UnavailableError
from shared.messages import DeliverContact
from shared.observability import logger
from shared.ports.repositories import Campaigns, Progresses, Referrals
from shared.ports.services import Clock, MessageQueue, Metrics, ReferralFactory, UserPage
from shared.use_cases.reconcile_progress import NAME, progress_of
from shared.use_cases.remember_signup import remember_signup

LONGEST_CALL = 25.0 + 3.0
"""Seconds one page may need; with less left the pass stops and the next one goes on."""
MOST_REFERRERS = 50
"""Referrers that one pass asks for by id, beside those that are on the pages it reads."""
MOST_FAILURES = 5
"""People of one pass who may fail at our own tables before it stops."""
PAUSES = (2.0, 4.0)
"""Seconds before a page is asked for a second and a third time."""
SCAN_AGAIN_AFTER = 86_400.0
MOST_PAGES = 400
"""Pages of one pass: 100,000 people."""


class Reconciling(Protocol):
    """What reconciling needs of the environment."""

    @property
    def clock(self) -> Clock: ...
    @property
    def metrics(self) -> Metrics: ...
    @property
    def campaigns(self) -> Campaigns: ...
    @property
    def referrals(self) -> Referrals: ...
    @property
    def progresses(self) -> Progresses: ...
    @property
    def delivery_queue(self) -> MessageQueue: ...
    def referral_factory(self) -> ReferralFactory: ...
    def time_left(self) -> float: ...


@dataclass(slots=True)
class Pass:
    """What one pass saw and did."""

    pages: int = 0
    seen: int = 0
    added: int = 0
    completed: int = 0
    highest: int = 0


class Reconciliation:
    """One pass. Raises what the Referral Factory port raises, and TransientError when somebody's row could not be written;
    what was found is kept."""

    def __init__(self, environment: Reconciling) -> None:
        self._environment = environment
        self._began_at = environment.clock.now()
        self._campaigns: Mapping[int, Campaign] = {}
        self._progress = Progress()
        self._pass = Pass()
        self._pages: dict[int, Sequence[int]] = {}
        self._added: set[int] = set()
        self._added_lately: frozenset[int] = frozenset()
        self._people: dict[int, Person] = {}
        self._asked = 0
        self._last_page = 0
        self._failures: list[TransientError] = []

    @property
    def found(self) -> int:
        """How many people were added so far, also when the pass failed."""
        return self._pass.added

    def run(self, *, full: bool = False) -> Pass:
        """``full`` begins a scan of the whole list, as does a day without one; a scan that was begun goes on in any case."""
        environment = self._environment
        self._campaigns = {campaign.campaign_id: campaign for campaign in environment.campaigns.list()}
        self._progress = progress_of(environment.progresses.find(NAME))
        if not any(campaign.status is not Status.DRAFT for campaign in self._campaigns.values()):
            environment.metrics.count("ReconcileSucceeded")
            return self._pass
        self._read_newest()
        scan_is_due = environment.clock.now() - self._progress.scanned_at >= SCAN_AGAIN_AFTER
        if (full or scan_is_due) and not self._progress.scan_page:
            self._begin_scan()
        if self._progress.scan_page:
            self._scan()
        if self._failures:  # their pages are read again: the marks stay where they were
            self._keep_place()
            raise self._failures[0]
        self._finish()
        return self._pass

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
            self._mark_known()

    def _read_down(self) -> None:
        page = 1
        while page < self._last_page and not reaches_known(self._pages[page], self._progress.high_water):
            if not self._may_go_on():
                self._leave_to_scan(page)
                return
            page += 1
            self._read(page)
        self._added_lately = frozenset(self._added)

    def _read_up(self) -> None:
        begin = page = first_page_to_read(min(self._progress.last_page, self._last_page))
        while page <= self._last_page:
            if not self._may_go_on():
                self._leave_to_scan(page)
                return
            self._read(page)
            page += 1
        read = {user_id for number, ids in self._pages.items() if number >= begin for user_id in ids}
        self._added_lately = frozenset(self._added & read)

    def _leave_to_scan(self, page: int) -> None:
        """Not all new people were reached: only a scan will, one that comes to this page and what deletions moved before it."""
        if not self._progress.scan_page:
            self._begin_scan()
        self._progress = replace(self._progress, scan_page=min(self._progress.scan_page, max(1, page - 1)))

    # -- the whole list -----------------------------------------------------------------------------------------------

    def _begin_scan(self) -> None:
        self._progress = replace(self._progress, scan_page=1, scan_began_at=self._environment.clock.now())

    def _scan(self) -> None:
        try:
            while self._progress.scan_page <= self._last_page and self._may_go_on():
                failed_before = len(self._failures)
                self._read(self._progress.scan_page)
                if len(self._failures) > failed_before:
                    return
                self._progress = replace(self._progress, scan_page=self._progress.scan_page + 1)
        except RateLimitedError as error:
            if error.status is not None:  # the vendor's own word
                self._keep_place()
                raise
            logger.info("scan goes on with the next pass", scan_page=self._progress.scan_page)
        except FailureError:
            self._keep_place()
            raise
        if self._progress.scan_page > self._last_page:
            self._progress = replace(self._progress, scan_page=0, scanned_at=self._progress.scan_began_at)
            self._mark_known()

    def _keep_place(self) -> None:
        """A scan that fails on the way goes on where it was: the pages before are compared already."""
        stored = progress_of(self._environment.progresses.find(NAME))
        kept = replace(stored, **self._newest_scan(stored))
        self._environment.progresses.save(NAME, {**asdict(kept), "order": str(kept.order)})

    def _newest_scan(self, stored: Progress) -> dict[str, Any]:
        """Where the scan stands; a pass beside this one may have begun another since."""
        newest = max(self._progress, stored, key=lambda one: one.scan_began_at)
        return {name: getattr(newest, name) for name in ("scan_page", "scan_began_at", "scanned_at")}

    def _mark_known(self) -> None:
        """A campaign that was activated while Referral Factory could not be asked gets its mark as soon as the newest person is
        seen: at the end of an ordered list, or after a scan."""
        for campaign in self._campaigns.values():
            if campaign.status is not Status.DRAFT and campaign.known_up_to is None and not campaign.backfill:
                self._environment.campaigns.mark_known(campaign.campaign_id, max(self._progress.high_water, self._pass.highest))

    # -- one page -----------------------------------------------------------------------------------------------------

    def _may_go_on(self) -> bool:
        return self._environment.time_left() >= LONGEST_CALL and self._pass.pages < MOST_PAGES

    def _read(self, number: int) -> None:
        if number in self._pages:
            return
        page = self._ask(number)
        people = list(page.people)
        self._pages[number] = [person.user_id for _, person in people]
        self._people |= {person.user_id: person for _, person in people}
        self._last_page = max(page.last_page or number, number if people else 1)
        self._pass.pages += 1
        self._pass.seen += len(people)
        self._pass.highest = max(self._pass.highest, *self._pages[number], 0)
        self._compare([(campaign_id, person) for campaign_id, person in people if self._concerns(campaign_id)])

    def _ask(self, number: int) -> UserPage:
        """A page that was not answered is asked for again, a little later, while the time suffices: else whoever is on it
        would wait for the next pass."""
        for pause in PAUSES:
            try:
                return self._environment.referral_factory().users(number)
            except (UnavailableError, RateLimitedError) as error:
                refused = isinstance(error, RateLimitedError) and error.status is not None
                if refused or self._environment.time_left() < LONGEST_CALL + pause:
                    raise
                logger.info("page asked for again", page=number, error=type(error).__name__, status=error.status)
                self._environment.clock.sleep(pause)
        return self._environment.referral_factory().users(number)

    def _concerns(self, campaign_id: int) -> bool:
        campaign = self._campaigns.get(campaign_id)
        return campaign is not None and campaign.status is not Status.DRAFT

    def _compare(self, people: Sequence[tuple[int, Person]]) -> None:
        """Against the ledger: who is missing is added, who is there is verified and completed. Somebody whose row cannot be
        written now delays nobody else."""
        rows = self._environment.referrals.find_all([(campaign_id, person.user_id) for campaign_id, person in people])
        to_ring: list[Referral] = []
        for campaign_id, person in people:
            row = rows.get((campaign_id, person.user_id))
            try:
                to_ring += self._reconciled(self._campaigns[campaign_id], person, row)
            except TransientError as error:
                self._note_failure(error)
        self._ring(to_ring)

    def _note_failure(self, error: TransientError) -> None:
        logger.warning("row not reconciled", error=type(error).__name__, vendor=error.vendor, code=error.code)
        self._failures.append(error)
        if len(self._failures) > MOST_FAILURES:
            raise error

    def _reconciled(self, campaign: Campaign, person: Person, row: Referral | None) -> Iterable[Referral]:
        """The row, if it is to be delivered now."""
        now = self._environment.clock.now()
        if row is None and _joined_before(campaign, person.user_id):
            return ()
        person = self._with_referrer(campaign, person, row)
        if row is None:
            self._pass.added += 1
            self._added.add(person.user_id)
        elif row.verified_at is not None and merge(row.person, person) == row.person:
            return ()
        fresh = remember_signup(
            self._environment,
            campaign.campaign_id,
            person,
            campaign,
            accepted_at=now,
            origin=Origin.RECONCILE,
            what="found by reconcile",
            verified_at=now,
        )
        self._pass.completed += row is not None
        return () if fresh.finished or (row is not None and not row.finished) else (fresh,)

    def _with_referrer(self, campaign: Campaign, person: Person, row: Referral | None) -> Person:
        """The list names a referrer by id only; who that is, where the campaign maps it, is asked once a pass."""
        audience = (row.person if row else person).audience or person.audience
        mapped = campaign.audience(audience).mapping if audience else ()
        referrer_id = person.referrer.user_id
        known = row is not None and (row.person.referrer.first_name or row.person.referrer.email)
        if referrer_id is None or known or not any(one.source.startswith("referrer.") for one in mapped):
            return person
        referrer = self._people.get(referrer_id) or self._ask_for(referrer_id)
        if referrer is None:
            return person
        facts = Referrer(referrer_id, referrer.first_name, referrer.email, referrer.code, referrer.url)
        return replace(person, referrer=facts)

    def _ask_for(self, user_id: int) -> Person | None:
        """None when nobody answers, or enough was asked in this pass: the next one tries again."""
        if self._asked >= MOST_REFERRERS or self._environment.time_left() < LONGEST_CALL:
            return None
        self._asked += 1
        try:
            found = self._environment.referral_factory().user(user_id)
        except FailureError as error:
            logger.info("referrer not told", user_id=user_id, error=type(error).__name__)
            return None
        if found is not None:
            self._people[user_id] = found[1]
        return self._people.get(user_id)

    def _ring(self, rows: Sequence[Referral]) -> None:
        now = self._environment.clock.now()
        refused = self._environment.delivery_queue.send_all(
            [DeliverContact(row.campaign_id, row.user_id, "reconcile", now) for row in rows]
        )
        if refused:
            logger.warning("queue refused rings", count=len(refused))  # the rows are due anyway: the sweep rings them

    def _marks(self) -> tuple[int, int]:
        """The user id and the page up to which people are known. Where somebody was added among the newest, the next pass looks
        once more: a page that shifted while it was read may have hidden somebody beside them."""
        added = self._added_lately
        if not added:
            return max(self._progress.high_water, self._pass.highest), self._last_page
        added_on = (page for page, ids in self._pages.items() if not added.isdisjoint(ids))
        return max(self._progress.high_water, min(added) - 1), min(added_on)

    def _finish(self) -> None:
        now = self._environment.clock.now()
        high_water, last_page = self._marks()
        stored = progress_of(self._environment.progresses.find(NAME))
        self._progress = replace(
            self._progress,
            **self._newest_scan(stored),
            high_water=high_water,
            last_page=last_page,
            began_at=self._began_at,
            succeeded_at=now,
        )
        self._environment.progresses.save(NAME, {**asdict(self._progress), "order": str(self._progress.order)})
        metrics = self._environment.metrics
        metrics.count("ReconcileSucceeded")
        metrics.count("SignupFoundByReconcile", self._pass.added)
        lag = now - self._progress.scanned_at if self._progress.order is Order.UNKNOWN and self._progress.scanned_at else 0.0
        metrics.gauge("ReconcileLagSeconds", lag)
        logger.info("reconciled", **asdict(self._pass), order=str(self._progress.order), scan_page=self._progress.scan_page)


def _joined_before(campaign: Campaign, user_id: int) -> bool:
    """Nobody is added before the activation mark is known, nor anybody at or below it, unless all are wanted."""
    return not campaign.backfill and (campaign.known_up_to is None or user_id <= campaign.known_up_to)


def highest_user_id(referral_factory: ReferralFactory, time_left: Callable[[], float]) -> int | None:
    """The newest person's id, by at most two calls; None when the list shows no order, so that only a scan can tell, or the
    time does not suffice.

    Raises what the Referral Factory port raises.
    """
    first = referral_factory.users(1)
    ids = [person.user_id for _, person in first.people]
    if (first.last_page or 1) <= 1:
        return max(ids, default=0)
    if time_left() < LONGEST_CALL:
        return None
    last = [person.user_id for _, person in referral_factory.users(first.last_page or 1).people]
    return None if order_of(ids, last) is Order.UNKNOWN else max([*ids, *last])
