"""``/campaigns``: list, search, read. They cannot be written by API. https://referral-factory.com/developers (campaigns)"""

from __future__ import annotations

from sandbox.vendors.referral_factory.account import Account
from sandbox.vendors.referral_factory.api import objects
from sandbox.vendors.referral_factory.api.bodies import read_json
from sandbox.vendors.referral_factory.api.paging import list_document, read_page
from sandbox.vendors.referral_factory.api.refusals import not_found
from sandbox.vendors.referral_factory.api.search import read_search
from sandbox.vendors.referral_factory.api.user_calls import read_with
from sandbox.vendors.referral_factory.records import Campaign
from sandbox.vendors.wire import Request, Response

SEARCHABLE = frozenset({"id", "name", "code", "status", "lang"})


def list_campaigns(account: Account, request: Request) -> Response:
    return _page_of(account, request, list(account.campaigns.values()))


def search_campaigns(account: Account, request: Request) -> Response:
    search = read_search(read_json(request), SEARCHABLE)
    found = [one for one in account.campaigns.values() if search.matches(lambda name, of=one: getattr(of, name))]
    return _page_of(account, request, found)


def get_campaign(account: Account, request: Request, identifier: str) -> Response:
    """By id or code."""
    campaign = None
    if identifier.isascii() and identifier.isdecimal():
        campaign = account.campaigns.get(int(identifier))
    campaign = campaign or account.campaign_with_code(identifier)
    if campaign is None:
        raise not_found()
    return Response.of_json(200, {"data": objects.campaign(account, campaign, read_with(request))})


def _page_of(account: Account, request: Request, campaigns: list[Campaign]) -> Response:
    page = read_page(request, len(campaigns), account.settings)
    with_ = read_with(request)
    rows = [objects.campaign(account, one, with_) for one in campaigns[page.start : page.stop]]
    return Response.of_json(200, list_document(request, page, rows, account.settings))
