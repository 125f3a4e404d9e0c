"""Every ten minutes: see to the signup that we make ourselves once a day."""

from __future__ import annotations

from typing import Any

from shared.runtime import bootstrap
from shared.use_cases.operations.synthetic_signup import see_to_synthetic_signup


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, bool]:
    """A schedule's event → whether the last one was accepted, and has arrived."""
    environment = bootstrap.environment("synthetic_signup")
    environment.begin(context, event)
    try:
        signup = see_to_synthetic_signup(environment)
    finally:
        environment.flush()
    return {"accepted": signup.accepted, "arrived": signup.arrived_at is not None}
