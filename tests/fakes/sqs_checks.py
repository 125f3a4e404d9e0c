"""What SQS takes of a request, and how it refuses the rest."""

import re
from collections.abc import Mapping
from typing import Any

from tests.fakes.errors import MalformedParameterError, RefusedError
from tests.fakes.sqs_queue import Queue

MAX_MESSAGE_BYTES = 1024 * 1024
MAX_BATCH = 10
MAX_DELAY = 900
MAX_VISIBILITY = 43_200
_PREFIX = "AWS.SimpleQueueService."
CODES = {
    "BatchEntryIdsNotDistinct": f"{_PREFIX}BatchEntryIdsNotDistinct",
    "BatchRequestTooLong": f"{_PREFIX}BatchRequestTooLong",
    "EmptyBatchRequest": f"{_PREFIX}EmptyBatchRequest",
    "InvalidAttributeName": "InvalidAttributeName",
    "InvalidAttributeValue": "InvalidAttributeValue",
    "InvalidBatchEntryId": f"{_PREFIX}InvalidBatchEntryId",
    "InvalidMessageContents": "InvalidMessageContents",
    "MessageNotInflight": f"{_PREFIX}MessageNotInflight",
    "OverLimit": "OverLimit",
    "PurgeQueueInProgress": f"{_PREFIX}PurgeQueueInProgress",
    "QueueDoesNotExist": f"{_PREFIX}NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
    "ReceiptHandleIsInvalid": "ReceiptHandleIsInvalid",
    "RequestThrottled": "RequestThrottled",
    "ResourceNotFoundException": "ResourceNotFoundException",
    "TooManyEntriesInBatchRequest": f"{_PREFIX}TooManyEntriesInBatchRequest",
    "UnsupportedOperation": f"{_PREFIX}UnsupportedOperation",
}
ATTRIBUTE_DEFAULTS = {
    "DelaySeconds": "0",
    "MaximumMessageSize": str(MAX_MESSAGE_BYTES),
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
}
ATTRIBUTE_RANGES = {
    "DelaySeconds": (0, MAX_DELAY),
    "MaximumMessageSize": (1024, MAX_MESSAGE_BYTES),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, MAX_VISIBILITY),
}
OTHER_ATTRIBUTES = frozenset(
    {"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"}
    | {"SqsManagedSseEnabled"}
)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BATCH_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_GROUP_ID = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]{1,128}")


def check_batch(entries: list[dict[str, Any]]) -> None:
    if not entries:
        raise RefusedError(CODES["EmptyBatchRequest"], "There should be at least one entry in the request.")
    if len(entries) > MAX_BATCH:
        raise RefusedError(
            CODES["TooManyEntriesInBatchRequest"],
            f"Maximum number of entries per request are {MAX_BATCH}. You have sent {len(entries)}.",
        )
    identifiers = [entry["Id"] for entry in entries]
    if not all(_BATCH_ID.fullmatch(identifier) for identifier in identifiers):
        raise RefusedError(
            CODES["InvalidBatchEntryId"],
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
            "It can be at most 80 letters long.",
        )
    if len(set(identifiers)) < len(identifiers):
        repeated = next(one for one in identifiers if identifiers.count(one) > 1)
        raise RefusedError(CODES["BatchEntryIdsNotDistinct"], f"Id {repeated} repeated.")


def check_message(queue: Queue, entry: Mapping[str, Any]) -> None:
    body = entry["MessageBody"]
    if not isinstance(body, str):
        raise MalformedParameterError("Invalid type for parameter MessageBody, valid types: <class 'str'>")
    if not body:
        raise RefusedError("MissingParameter", "The request must contain the parameter MessageBody.")
    if _FORBIDDEN.search(body):
        raise RefusedError("InvalidMessageContents", "Invalid characters found. Valid unicode characters are #x9 | #xA ...")
    most = queue.number("MaximumMessageSize")
    if message_bytes(entry) > most:
        raise bad_parameter(f"One or more parameters are invalid. Reason: Message must be shorter than {most} bytes.")
    if "DelaySeconds" in entry:
        check_range("DelaySeconds", entry["DelaySeconds"], 0, MAX_DELAY)
    group = entry.get("MessageGroupId")
    if group is not None and not _GROUP_ID.fullmatch(group):
        raise bad_parameter("The request parameter MessageGroupId is invalid. Reason: 1 to 128 characters, no spaces.")


def message_bytes(entry: Mapping[str, Any]) -> int:
    return len(entry["MessageBody"].encode(errors="replace"))


def check_range(name: str, value: int, least: int, most: int) -> None:
    if type(value) is not int:
        raise MalformedParameterError(f"Invalid type for parameter {name}, value: {value}, valid types: <class 'int'>")
    if not least <= value <= most:
        raise bad_parameter(
            f"Value {value} for parameter {name} is invalid. Reason: Must be between {least} and {most}, if provided."
        )


def bad_parameter(message: str) -> RefusedError:
    return RefusedError("InvalidParameterValue", message)


def missing_queue() -> RefusedError:
    return RefusedError(CODES["QueueDoesNotExist"], "The specified queue does not exist.")


def invalid_handle() -> RefusedError:
    return RefusedError("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
