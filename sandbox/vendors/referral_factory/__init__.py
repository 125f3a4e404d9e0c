"""A stand-in of Referral Factory that behaves as its documents say, and never kinder."""

from sandbox.vendors.referral_factory.rules import ReferralFactory
from sandbox.vendors.referral_factory.settings import ReferralFactorySettings, WebhookRule

__all__ = ["ReferralFactory", "ReferralFactorySettings", "WebhookRule"]
