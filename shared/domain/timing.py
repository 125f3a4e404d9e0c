"""Times that hang together, in seconds: what is waited for, how long a function runs, and what follows from both."""

from __future__ import annotations

DAY = 86_400.0

# The template's time-outs; tests/template/test_functions.py holds them equal.
DELIVERY_RUNS = 45
QUALIFICATION_RUNS = 60
REFERRER_RUNS = 60
SYNC_RUNS = 60

AFTER_DEATH = 30
"""From the time-out of a function that died to the moment at which another may have its work."""
DELIVERY_LEASE = float(DELIVERY_RUNS + AFTER_DEATH)
"""A person's lease; and when the sweep takes up a signup whose worker did not come back."""
QUALIFICATION_LEASE = float(QUALIFICATION_RUNS + AFTER_DEATH)
"""A person's lease; and when the sweep takes up a qualification whose worker did not come back."""
REFERRER_LEASE = float(REFERRER_RUNS + AFTER_DEATH)
SYNC_LEASE = float(SYNC_RUNS + AFTER_DEATH)
"""Of a sync's reader, and of a chunk."""

INTERCOM_TIMEOUT = 10.0
CREATE_TIMEOUT = 20.0
"""Intercom's creates take longer than its other calls."""
REFERRAL_FACTORY_TIMEOUT = 25.0
ROOM = 3.0
"""For what the ledger needs after a call. With less left than a call's longest, it is not begun."""
LONGEST_INTERCOM_CALL = INTERCOM_TIMEOUT + ROOM
LONGEST_CREATE = CREATE_TIMEOUT + ROOM
LONGEST_REFERRAL_FACTORY_CALL = REFERRAL_FACTORY_TIMEOUT + ROOM

SEARCH_LAG = 600.0
"""Until Intercom's search shows a write: https://www.intercom.com/help says 2 to 4 minutes, up to 10."""
SEARCH_SURE = SEARCH_LAG + 300.0
"""After which an answer of search without a write is believed."""
