"""The repositories of an environment: whatever is kept in the two tables."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from shared.domain.connection.connection import Vendor
from shared.runtime.process import Process

if TYPE_CHECKING:
    from shared.adapters.dynamodb.ahead import ReadAhead
    from shared.adapters.dynamodb.operations.figures import DynamoFigures
    from shared.adapters.dynamodb.table import Table
    from shared.ports.campaign import Campaigns
    from shared.ports.connection import Connections, OAuthStates
    from shared.ports.contact import Claims, People
    from shared.ports.operations import Audit, Erasures, Progresses
    from shared.ports.qualification import Qualifications
    from shared.ports.referrer import Referrers, Rewards
    from shared.ports.signup import (
        Inbox,
        Quarantine,
        QuarantineShelf,
        Referrals,
        ReferralSearch,
    )
    from shared.ports.sync import SyncMembers, SyncRuns
    from shared.ports.vendor import Breakers, Calls, StrikeBook, VendorNotes
    from shared.use_cases.operations.read_results import CountedResults


class Tables(Process):
    """Each is made when it is first asked for."""

    @cached_property
    def _dynamodb(self) -> Any:
        return self._aws("dynamodb")

    @cached_property
    def _referrals_table(self) -> Table:
        from shared.adapters.dynamodb.table import Table

        return Table(self._dynamodb, self.settings.referrals_table, self.chance, self._ahead)

    @cached_property
    def _campaigns_table(self) -> Table:
        from shared.adapters.dynamodb.table import Table

        return Table(self._dynamodb, self.settings.campaigns_table, self.chance, self._ahead)

    @cached_property
    def _ahead(self) -> ReadAhead:
        from shared.adapters.dynamodb.ahead import ReadAhead

        return ReadAhead(self._dynamodb, self.clock)

    def read_ahead_of_signup(self, campaign_id: int, email: str) -> None:
        """What each delivery reads before it begins."""
        from shared.adapters.dynamodb.campaign.campaigns import key_of_campaign
        from shared.adapters.dynamodb.connection.connections import CONNECTION_KEY
        from shared.adapters.dynamodb.sync.members import key_of_member
        from shared.adapters.dynamodb.vendor.breakers import key_of_breaker

        campaigns, referrals = self.settings.campaigns_table, self.settings.referrals_table
        keys = [
            (campaigns, *key_of_campaign(campaign_id)),
            (campaigns, *key_of_breaker(Vendor.INTERCOM)),
            (campaigns, *CONNECTION_KEY),
        ]
        self._ahead.read([*keys, *([(referrals, *key_of_member(campaign_id, email))] if email else [])])

    def read_ahead_of_write(self, campaign_id: int, user_id: int) -> None:
        """What is looked at right before a row's first call of Intercom."""
        from shared.adapters.dynamodb.connection.connections import CONNECTION_KEY
        from shared.adapters.dynamodb.signup.referral_items import REFERRAL, key_of_referral

        row = (self.settings.referrals_table, key_of_referral(campaign_id, user_id), REFERRAL)
        self._ahead.read([row, (self.settings.campaigns_table, *CONNECTION_KEY)])

    @cached_property
    def referrals(self) -> Referrals:
        from shared.adapters.dynamodb.signup.counted_referrals import CountedReferrals

        return CountedReferrals(self._referrals_table, self.clock, self.figures)

    @cached_property
    def qualifications(self) -> Qualifications:
        from shared.adapters.dynamodb.operations.counted_outcomes import CountedQualifications

        return CountedQualifications(self._referrals_table, self.clock, self.figures)

    @cached_property
    def people(self) -> People:
        from shared.adapters.dynamodb.contact.people import DynamoPeople

        return DynamoPeople(self._referrals_table)

    @cached_property
    def referrers(self) -> Referrers:
        from shared.adapters.dynamodb.referrer.referrers import DynamoReferrers

        return DynamoReferrers(self._referrals_table)

    @cached_property
    def rewards(self) -> Rewards:
        from shared.adapters.dynamodb.operations.counted_outcomes import CountedRewards

        return CountedRewards(self._referrals_table, self.clock, self.figures)

    @cached_property
    def claims(self) -> Claims:
        from shared.adapters.dynamodb.contact.claims import DynamoClaims

        return DynamoClaims(self._referrals_table)

    @cached_property
    def inbox(self) -> Inbox:
        from shared.adapters.dynamodb.signup.inbox import DynamoInbox

        return DynamoInbox(self._referrals_table, self.clock)

    @cached_property
    def quarantine(self) -> Quarantine:
        from shared.adapters.dynamodb.signup.quarantine import DynamoQuarantine

        return DynamoQuarantine(self._referrals_table, self.clock)

    @cached_property
    def campaigns(self) -> Campaigns:
        from shared.adapters.dynamodb.campaign.campaigns import DynamoCampaigns

        return DynamoCampaigns(self._campaigns_table)

    @cached_property
    def connections(self) -> Connections:
        from shared.adapters.dynamodb.connection.connections import DynamoConnections

        return DynamoConnections(self._campaigns_table)

    @cached_property
    def breakers(self) -> Breakers:
        from shared.adapters.dynamodb.vendor.breakers import DynamoBreakers

        return DynamoBreakers(self._campaigns_table)

    @cached_property
    def strikes(self) -> StrikeBook:
        from shared.adapters.dynamodb.vendor.strikes import DynamoStrikes

        return DynamoStrikes(self._campaigns_table)

    @cached_property
    def progresses(self) -> Progresses:
        from shared.adapters.dynamodb.operations.progresses import DynamoProgresses

        return DynamoProgresses(self._campaigns_table)

    @cached_property
    def sync_members(self) -> SyncMembers:
        from shared.adapters.dynamodb.sync.members import DynamoSyncMembers

        return DynamoSyncMembers(self._referrals_table)

    @cached_property
    def sync_runs(self) -> SyncRuns:
        from shared.adapters.dynamodb.sync.runs import DynamoSyncRuns

        return DynamoSyncRuns(self._campaigns_table, self._referrals_table, self.chance, self.clock)

    @cached_property
    def erasures(self) -> Erasures:
        from shared.adapters.dynamodb.operations.erasures import DynamoErasures

        return DynamoErasures(self._referrals_table, self.clock)

    @property
    def most_unknown_signups(self) -> int:
        """So many signups of a campaign that Referral Factory does not know, within an hour, and creates wait for its word."""
        return int(self.settings.most_unknown_signups)

    @property
    def erases_deleted_contacts(self) -> bool:
        """Whether somebody whose contact is deleted in Intercom is erased here too."""
        return self.settings.erase_deleted_contacts == "true"

    @cached_property
    def figures(self) -> DynamoFigures:
        from shared.adapters.dynamodb.operations.figures import DynamoFigures

        return DynamoFigures(self._campaigns_table)

    @cached_property
    def referral_search(self) -> ReferralSearch:
        from shared.adapters.dynamodb.signup.referral_search import DynamoReferralSearch
        from shared.adapters.dynamodb.signup.referrals import DynamoReferrals

        return DynamoReferralSearch(self._referrals_table, DynamoReferrals(self._referrals_table, self.clock))

    @cached_property
    def calls(self) -> Calls:
        from shared.adapters.dynamodb.vendor.calls import DynamoCalls

        return DynamoCalls(self._referrals_table)

    @cached_property
    def counted_results(self) -> CountedResults:
        from shared.use_cases.operations.read_results import CountedResults

        return CountedResults(self)  # type: ignore[arg-type]

    @cached_property
    def quarantine_shelf(self) -> QuarantineShelf:
        from shared.adapters.dynamodb.signup.quarantine import DynamoQuarantine

        return DynamoQuarantine(self._referrals_table, self.clock)

    @cached_property
    def audit(self) -> Audit:
        from shared.adapters.dynamodb.operations.audit import DynamoAudit

        return DynamoAudit(self._campaigns_table)

    @cached_property
    def oauth_states(self) -> OAuthStates:
        from shared.adapters.dynamodb.connection.oauth_states import DynamoOAuthStates

        return DynamoOAuthStates(self._campaigns_table, self.clock)

    @cached_property
    def vendor_notes(self) -> VendorNotes:
        from shared.adapters.dynamodb.vendor.vendor_notes import DynamoVendorNotes

        return DynamoVendorNotes(self._campaigns_table)
