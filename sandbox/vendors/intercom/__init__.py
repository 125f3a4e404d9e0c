"""A stand-in for Intercom: the rules of its REST API 2.16, its webhooks, its OAuth and a few pages for a person.

The rules are pure (see ``rules.Intercom``); ``python -m sandbox.vendors.intercom`` serves them. Where Intercom's own
behaviour is unknown, a setting chooses, and the default is the harsher choice.
"""

from sandbox.vendors.intercom.rules import Intercom
from sandbox.vendors.intercom.settings import IntercomSettings

__all__ = ["Intercom", "IntercomSettings"]
