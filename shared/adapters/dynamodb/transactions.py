"""Writes that happen together or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from shared.adapters.aws import cancellation_codes, code_of, transient_errors

CONDITION_FAILED = "ConditionalCheckFailed"


def write_together(client: Any, actions: Sequence[Mapping[str, Any]], token: str) -> Sequence[bool]:
    """For each action whether its condition held; all True: it is written. ``token`` makes a repeated request harmless.

    Raises TransientError, also when a neighbour's transaction was in the way.
    """
    try:
        with transient_errors():
            client.transact_write_items(TransactItems=list(actions), ClientRequestToken=token)
    except ClientError as error:
        codes = cancellation_codes(error)
        if code_of(error) != "TransactionCanceledException" or CONDITION_FAILED not in codes:
            raise
        return [code != CONDITION_FAILED for code in codes]
    return [True] * len(actions)
