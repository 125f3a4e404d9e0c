"""Compare Referral Factory's people with the ledger: who is missing is added, who is there is verified and completed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from shared.domain.campaign.campaign import Campaign, Status
from shared.domain.person import Audience, Person, Referrer, merge
from shared.domain.signup.happened import Happened
from shared.domain.signup.referral import Referral
from shared.domain.signup.state import Origin
from shared.domain.timing import LONGEST_REFERRAL_FACTORY_CALL
from shared.errors import FailureError, TransientError
from shared.messages import DeliverContact, QualifyReferral
from shared.observability import logger
from shared.use_cases.environment import Environment
from shared.use_cases.signup.remember_signup import remember_signup

MOST_REFERRERS = 50
"""Referrers that one pass asks for by id, beside those that are on the pages it reads."""
REFERRER = "referrer."
REFERRER_FACTS = tuple(name for name in Referrer.__slots__ if name != "user_id")
MOST_FAILURES = 5
"""People of one pass who may fail at our own tables before it stops."""


class PeopleComparison:
    """The comparisons of one pass. ``added``: the user ids of whom the ledger did not have, one for each referral;
    ``completed``: how many rows learnt something; ``unchanged``: rows of the last page that knew it all, by campaign's and
    user's id; ``failures``: of rows that could not be written. ``tells_qualified``: Referral Factory says of whom is qualified
    that they are, so that silence says they are not; where it never says, it is no word."""

    def __init__(self, environment: Environment, campaigns: Mapping[int, Campaign], *, tells_qualified: bool = False) -> None:
        self.tells_qualified = tells_qualified
        self.added: list[int] = []
        self.completed = 0
        self.unchanged: dict[tuple[int, int], Referral] = {}
        self.failures: list[TransientError] = []
        self._environment = environment
        self._campaigns = campaigns
        self._people: dict[int, Person] = {}
        self._asked: dict[int, bool] = {}

    def compare(self, page: Sequence[tuple[int, Person]]) -> None:
        """One page of people, each with the campaign's id. Somebody whose row cannot be written now delays nobody else.

        Raises TransientError when the ledger cannot be read, or too many rows cannot be written.
        """
        self.unchanged = {}
        self.tells_qualified |= any(person.qualified for _, person in page)
        page = [(campaign_id, self._as_reported(person)) for campaign_id, person in page]
        self._people |= {person.user_id: person for _, person in page}
        people = [(campaign_id, person) for campaign_id, person in page if self.concerns(campaign_id)]
        rows = self._environment.referrals.find_all([(campaign_id, person.user_id) for campaign_id, person in people])
        to_enqueue: list[Referral] = []
        for campaign_id, person in people:
            row = rows.get((campaign_id, person.user_id))
            try:
                to_enqueue += self._reconciled(self._campaigns[campaign_id], person, row)
            except TransientError as error:
                self._note_failure(error)
        self._enqueue(to_enqueue)

    def _as_reported(self, person: Person) -> Person:
        silent = person.qualified is None and self.tells_qualified
        return replace(person, qualified=False) if silent else person

    def concerns(self, campaign_id: int) -> bool:
        """Whether the campaign is set up here, and more than a draft."""
        campaign = self._campaigns.get(campaign_id)
        return campaign is not None and campaign.status is not Status.DRAFT

    def _note_failure(self, error: TransientError) -> None:
        logger.warning("row not reconciled", error=type(error).__name__, vendor=error.vendor, code=error.code)
        self.failures.append(error)
        if len(self.failures) > MOST_FAILURES:
            raise error

    def _reconciled(self, campaign: Campaign, person: Person, row: Referral | None) -> Iterable[Referral]:
        """The row, if it is to be delivered now."""
        now = self._environment.clock.now()
        if (row is None and _joined_before(campaign, person.user_id)) or (row is not None and row.forgotten):
            return ()
        person = self._with_referrer(campaign, person, row)
        if row is None:
            self.added.append(person.user_id)
        else:
            self._hear_of_qualification(row, person)
        is_verified = row is not None and row.verified_at is not None and not row.unverified
        if row is not None and is_verified and merge(row.person, person) == row.person:
            self.unchanged[row.campaign_id, row.user_id] = row
            return ()
        fresh = remember_signup(
            self._environment,
            campaign.campaign_id,
            person,
            campaign,
            accepted_at=now,
            origin=Origin.RECONCILE,
            what=Happened.FOUND_BY_RECONCILE,
            verified_at=now,
            is_there=row is not None,
        )
        self.completed += row is not None
        waits_for_this = row is not None and row.confirm_since is not None
        return () if fresh.finished or (row is not None and not row.finished and not waits_for_this) else (fresh,)

    def _hear_of_qualification(self, row: Referral, person: Person) -> None:
        """The list says of somebody invited otherwise than the row, also by a null: to be settled by asking."""
        says = person.qualified
        if says is None or says is row.converted or row.audience is not Audience.PERSON_INVITED:
            return
        topic = "qualified" if says else "not qualified"
        self._environment.qualification_queue.send(
            QualifyReferral(topic, self._environment.clock.now(), campaign_id=row.campaign_id, user_id=row.user_id)
        )

    def _with_referrer(self, campaign: Campaign, person: Person, row: Referral | None) -> Person:
        """The list names a referrer by id only; mapped facts that nobody reported are asked for,
        once a pass. An empty one is stored as such, so that it is not asked for again."""
        audience = (row.person if row else person).audience or person.audience
        mapped = campaign.audience(audience).mapping if audience else ()
        referrer_id = person.referrer.user_id
        stored = row.person.referrer if row else Referrer()
        if " " in (stored.email or ""):
            stored = replace(stored, email=None)  # its plus was lost on the way: the list has it
        wanted = {one.source.removeprefix(REFERRER) for one in mapped if one.source.startswith(REFERRER)}
        if referrer_id is None or all(getattr(stored, name) is not None for name in wanted):
            return person
        referrer = self._people.get(referrer_id) or self._ask_for(referrer_id)
        if referrer is None and not self._asked.get(referrer_id):
            return person
        facts = {name: getattr(referrer, name, None) or getattr(stored, name) or "" for name in REFERRER_FACTS}
        return replace(person, referrer=Referrer(referrer_id, **facts))

    def _ask_for(self, user_id: int) -> Person | None:
        """None when there is nobody of that id (``_asked`` is True then), nobody answers, or enough was asked in this pass."""
        if user_id in self._asked or len(self._asked) >= MOST_REFERRERS:
            return None
        if self._environment.time_left() < LONGEST_REFERRAL_FACTORY_CALL:
            return None
        self._asked[user_id] = False
        try:
            found = self._environment.referral_factory().user(user_id)
        except FailureError as error:
            logger.info("referrer not looked up", user_id=user_id, error=type(error).__name__)
            return None
        self._asked[user_id] = True
        if found is not None:
            self._people[user_id] = found[1]
        return self._people.get(user_id)

    def _enqueue(self, rows: Sequence[Referral]) -> None:
        now = self._environment.clock.now()
        refused = self._environment.delivery_queue.send_all(
            [DeliverContact(row.campaign_id, row.user_id, "reconcile", now) for row in rows]
        )
        if refused:
            logger.warning("queue refused messages", count=len(refused))  # the rows are due anyway: the sweep enqueues them


def _joined_before(campaign: Campaign, user_id: int) -> bool:
    """Nobody is added before the activation mark is known, nor anybody at or below it, unless all are wanted."""
    return not campaign.backfill and (campaign.activation_mark is None or user_id <= campaign.activation_mark)
