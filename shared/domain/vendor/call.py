"""One call to a vendor, as a developer reads it afterwards. No header is ever in it, and so no secret."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_SHOWN = 600
LONGEST_TROUBLE = 2_000
"""Characters of an answer that is kept, of one that went well and of one that did not."""


@dataclass(frozen=True, slots=True)
class VendorCall:
    """``at`` in epoch seconds. ``status`` None: no answer came, and ``answer`` says why. ``request_id``: the vendor's own."""

    at: float
    host: str
    method: str
    path: str
    sent: str
    status: int | None
    milliseconds: int
    request_id: str
    answer: str
