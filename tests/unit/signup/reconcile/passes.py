"""Reconcile reads the list of a campaign: the list, its passes, and what they leave."""

from __future__ import annotations

from typing import Any

from shared.errors import TransientError
from shared.use_cases.signup.reconcile_progress import USERS_PROGRESS, progress_of
from tests.support.builders import App, Context

ORDERS = ("ascending", "descending", "shuffled", "random")


class Deadline(Context):
    """An invocation that has 60 s from now on."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self._clock = app.clock
        self._ends_at = app.clock.now() + 60

    def get_remaining_time_in_millis(self) -> int:
        return int((self._ends_at - self._clock.now()) * 1000)


def app_with(people: int = 0, activation_mark: int | None = 0, **settings_: Any) -> App:
    """So many people in campaign 1 beside the four that are always there; all signups become contacts."""
    app = App(seed_people=people, **settings_)
    app.configure(activation_mark, backfill=settings_.pop("backfill", False))
    return app


def join(app: App, name: str, campaign: int = 1) -> int:
    account = app.referral_factory.account
    person = account.join(
        account.campaigns[campaign], first_name=name, email=f"{name}@example.com", source="Direct", ip="192.0.2.1"
    )
    return int(person.id)


def newest(app: App) -> int:
    return int(app.referral_factory.account.people.ids()[-1])


def calls(app: App) -> list[str]:
    return [call.partition("page=")[2].partition("&")[0] for call in app.calls("referral_factory")]


def progress(app: App) -> Any:
    return progress_of(app.environment.progresses.find(USERS_PROGRESS))


def refuse_rows_of(app: App, *unlucky: int) -> list[int]:
    """The ledger takes none of their rows; ``del app.environment.referrals.add`` mends it. Answers who was tried."""
    referrals = app.environment.referrals
    add = referrals.add
    tried: list[int] = []

    def added(row: Any) -> bool:
        if row.user_id in unlucky:
            tried.append(row.user_id)
            raise TransientError("the table does not answer", vendor="aws")
        return add(row)

    referrals.add = added  # type: ignore[method-assign]
    return tried
