"""``/rewards``: what is promised, due and issued; issue and cancel. https://referral-factory.com/developers (rewards)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.vendors.referral_factory.account import Account
from sandbox.vendors.referral_factory.api import objects
from sandbox.vendors.referral_factory.api.bodies import read_json
from sandbox.vendors.referral_factory.api.paging import list_document, read_page
from sandbox.vendors.referral_factory.api.refusals import not_found
from sandbox.vendors.referral_factory.api.search import read_search
from sandbox.vendors.referral_factory.records import METRICS
from sandbox.vendors.wire import Request, Response

SEARCHABLE = frozenset({"id", "reward_id", "recipient_id", "campaign_id", "status"})


def list_rewards(account: Account, request: Request, kind: str, metric: str) -> Response:
    return _page_of(account, request, _rows(account, kind, metric))


def search_rewards(account: Account, request: Request, kind: str, metric: str) -> Response:
    rows = _rows(account, kind, metric)
    search = read_search(read_json(request), SEARCHABLE)
    return _page_of(account, request, [row for row in rows if search.matches(row.get)])


def issue_reward(account: Account, _: Request, identifier: str) -> Response:
    """``identifier`` is the id of a due reward; 422 when it is not due any more."""
    return _settle(account, identifier, account.rewards.issue)


def cancel_reward(account: Account, _: Request, identifier: str) -> Response:
    """``identifier`` is the id of a due reward; 422 when it is not due any more."""
    return _settle(account, identifier, account.rewards.cancel)


def _settle(account: Account, identifier: str, settle: Callable[[Any], None]) -> Response:
    if not (identifier.isascii() and identifier.isdecimal()):
        raise not_found()
    reward = account.rewards.with_id(int(identifier))
    settle(reward)
    return Response.of_json(200, {"data": objects.issued_reward(account, reward)})


def _rows(account: Account, kind: str, metric: str) -> list[dict[str, Any]]:
    """The objects of a list. Canceled rewards are among the issued ones, with their status."""
    if metric not in METRICS:
        raise not_found()
    if kind == "dashboard":
        return [
            objects.reward_rule(account, campaign, rule)
            for campaign in account.campaigns.values()
            for rule in campaign.rewards
            if rule.metric == metric
        ]
    rewards = [reward for reward in account.rewards.all() if reward.rule.metric == metric]
    if kind == "due":
        return [objects.due_reward(account, reward) for reward in rewards if reward.status == "Due"]
    return [objects.issued_reward(account, reward) for reward in rewards if reward.status != "Due"]


def _page_of(account: Account, request: Request, rows: list[dict[str, Any]]) -> Response:
    page = read_page(request, len(rows), account.settings)
    return Response.of_json(200, list_document(request, page, rows[page.start : page.stop], account.settings))
