"""What the admin API answers about sync runs."""

from __future__ import annotations

from shared.adapters.admin.answers import Answer
from shared.domain.connection.connection import Vendor
from shared.domain.sync.run import Phase, RunState, SyncRun


class SyncExample(Answer):
    """A contact that was skipped or failed, or of which an attribute was left out."""

    contact_id: str
    reason: str


class SyncRunAnswer(Answer):
    """Times in seconds since 1970. Each of the `seen` contacts ends as linked, unchanged, skipped or failed; `finished` have.
    `total` is null while nobody knows. `whole`: everybody is read, not only who changed. `left_list`: contacts that left the
    lists since the last whole run; null when there is nothing to compare with; `leavers` are some of them. `per_minute`:
    contacts that become finished, while links are made of those that need one, at the end of all; `seconds_left`: at that
    rate. `smaller_pages`: the vendors whose pages were too large or too slow, so that fewer are asked for at a time."""

    run_id: str
    campaign_id: int
    state: RunState
    phase: Phase
    whole: bool
    reason: str
    requested_by: str
    settings_version: int
    created_at: float
    started_at: float | None
    finished_at: float | None
    total: int | None
    seen: int
    finished: int
    created: int
    linked: int
    unchanged: int
    skipped: dict[str, int]
    failed: dict[str, int]
    examples: list[SyncExample]
    left_list: int | None
    leavers: list[str]
    per_minute: float
    seconds_left: float | None
    smaller_pages: list[Vendor]


class SyncRunPage(Answer):
    """Newest first; `cursor` is null on the last page. `problems`: what a person has to see to."""

    items: list[SyncRunAnswer]
    cursor: str | None
    problems: list[str]


def run_answer(run: SyncRun, now: float) -> SyncRunAnswer:
    rate, tally = run.per_minute(now), run.tally
    left = None
    if not run.finished and rate and run.total is not None:
        left = max(0, run.total - tally.finished) / rate * 60
    return SyncRunAnswer(
        run_id=str(run.slot),
        campaign_id=run.campaign_id,
        state=run.state,
        phase=run.phase,
        whole=run.whole,
        reason=run.reason,
        requested_by=run.requested_by,
        settings_version=run.settings_version,
        created_at=run.created_at,
        started_at=run.started_at,
        finished_at=run.finished_at,
        total=run.total,
        seen=tally.seen,
        finished=tally.finished,
        created=tally.created,
        linked=tally.linked,
        unchanged=tally.unchanged,
        skipped=dict(tally.skipped),
        failed=dict(tally.failed),
        examples=[SyncExample(contact_id=contact_id, reason=reason) for contact_id, reason in tally.examples],
        left_list=run.left,
        leavers=list(run.leavers),
        per_minute=round(rate, 1),
        seconds_left=None if left is None else round(left),
        smaller_pages=[vendor for vendor in Vendor if run.asks_for_fewer(vendor)],
    )
