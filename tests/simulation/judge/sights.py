"""What can be seen of a world: contacts, ledger rows, metrics, calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sandbox.vendors.intercom.rules import Intercom
from sandbox.vendors.intercom.workspace import Contact
from shared.domain.person import fold_email
from shared.domain.signup.person_record import PersonRecord
from shared.domain.signup.referral import Referral
from shared.ports.signup import Quarantined
from shared.runtime.bootstrap import Environment
from tests.simulation.aws.cloud import Cloud
from tests.simulation.aws.transport import VendorTransport
from tests.simulation.judge.recording import LogLines, Recorded, logs_into

if TYPE_CHECKING:
    from tests.simulation.world import Signup


class Sights:
    """The reading half of ``World``."""

    cloud: Cloud
    intercom: Intercom
    transport: VendorTransport
    metrics: Recorded
    logs: LogLines

    def environment(self, name: str) -> Environment:
        raise NotImplementedError

    def contacts(self, email: str | None = None) -> list[Contact]:
        """Live contacts, oldest first; those with the e-mail, whatever its capitals."""
        everybody = (one for one in self.intercom.workspace.contacts.values() if one.condition == "live")
        wanted = None if email is None else fold_email(email)
        return [one for one in everybody if wanted is None or fold_email(one.email) == wanted]

    def row(self, campaign: int, user: int) -> Referral | None:
        """The ledger's row."""
        return self.environment("deliver_contact").referrals.find(campaign, user)

    def row_of(self, signup: Signup) -> Referral | None:
        return self.row(signup.person.campaign_id, signup.person.id)

    def stored(self, signup: Signup) -> Referral:
        """The row of somebody who is in the ledger."""
        row = self.row_of(signup)
        assert row is not None
        return row

    def person(self, email: str) -> PersonRecord | None:
        """What the ledger remembers of an e-mail address."""
        workspace = self.intercom.settings.workspace_id
        return self.environment("deliver_contact").people.find(workspace, email)

    def quarantined(self) -> list[Quarantined]:
        return list(self.environment("deliver_contact").quarantine.list(100).items)

    def counted(self, metric: str) -> float:
        """The sum of a metric."""
        return sum(value for _, value in self.metrics.get(metric, ()))

    def calls(self, *vendors: str) -> int:
        """Calls that reached the vendors; all of them when none is named."""
        return sum(len(times) for vendor, times in self.transport.calls.items() if not vendors or vendor in vendors)

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Meanwhile nothing is logged to the console."""
        with logs_into(self.logs):
            yield
