"""What an account holds at first. All people are invented; their addresses end in example.com."""

from __future__ import annotations

from sandbox.vendors.referral_factory.account import Account
from sandbox.vendors.referral_factory.records import Campaign, FormField, RewardRule

REFERRERS = (
    (1, "Ada", "ada@example.com", "Marsh"),
    (1, "Bruno", "bruno@example.com", "Keller"),
    (1, "Chidi", "chidi@example.com", "Stone"),
    (2, "Dana", "dana@example.com", ""),
)


def seed(account: Account) -> None:
    """Two campaigns and four people referring; and ``seed_people`` more. No webhook reports them."""
    now = account.clock()
    account.campaigns[1] = Campaign(
        id=1,
        name="Friends of ours",
        code="friends",
        extra_fields=(FormField(id=103, type="input", label="Last Name"),),
        rewards=(RewardRule(11, "20 for inviting a friend", "amount", "20.00"),),
        created_at=now,
    )
    account.campaigns[2] = Campaign(
        id=2,
        name="Partner programme",
        code="partners",
        extra_fields=(
            FormField(id=203, type="input", label="Company", required=True),
            FormField(id=204, type="select", label="Team size", options=("1-10", "11-100", "more")),
        ),
        rewards=(RewardRule(21, "A coupon for partners", "coupon", "PARTNER50", auto_issue=False),),
        created_at=now,
    )
    extra = ((1, f"Person {number}", f"person{number}@example.com", "") for number in range(account.settings.seed_people))
    with account.outbox.silent():
        for campaign_id, first_name, email, last_name in (*REFERRERS, *extra):
            account.join(
                account.campaigns[campaign_id],
                first_name=first_name,
                email=email,
                source="Direct",
                meta={"Last Name": last_name} if last_name else {},
                ip="203.0.113.7",
            )
