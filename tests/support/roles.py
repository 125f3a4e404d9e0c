"""What a function asks of AWS, against what its role in the template allows: neither the local stack nor the fakes check it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from sandbox.stack.expand import read_template
from tests.simulation.aws.blueprint import TEMPLATE, target_of

Asked = set[tuple[str, str, str, str]]
"""Function, action, resource as the template calls it (``ReferralsTable/index/DueIndex``), partition key."""
_OTHER_NAMES = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
_IN_TRANSACTION = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


def actions(service: str, operation: str, request: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    action = f"{service}:" + "".join(word.capitalize() for word in operation.split("_"))
    if operation == "transact_write_items":
        for entry in request["TransactItems"]:
            ((kind, made),) = entry.items()
            yield f"{service}:{_IN_TRANSACTION[kind]}", made["TableName"], partition_of(made)
    elif operation == "batch_get_item":
        for table, wanted in request["RequestItems"].items():
            for key in wanted["Keys"]:
                yield action, table, key["pk"]["S"]
    elif service == "dynamodb":
        index = f"/index/{request['IndexName']}" if "IndexName" in request else ""
        yield action, f"{request['TableName']}{index}", partition_of(request)
    elif service == "sqs":
        yield _OTHER_NAMES.get(action, action), request["QueueUrl"].rsplit("/", 1)[-1], ""
    else:
        yield action, request["SecretId"].rsplit(":", 1)[-1].rpartition("-")[0], ""


def partition_of(request: Mapping[str, Any]) -> str:
    item = request.get("Key") or request.get("Item")
    if item:
        return str(item["pk"]["S"])
    return str(next(iter(request.get("ExpressionAttributeValues", {"": {"S": ""}}).values())).get("S", ""))


def refused(asked: Asked) -> list[tuple[str, str, str, str]]:
    """What no statement of the function's role allows."""
    statements = _statements()
    return sorted(one for one in asked if not any(_allows(statement, *one[1:]) for statement in statements[one[0]]))


def _statements() -> dict[str, list[Mapping[str, Any]]]:
    """Of each function's role."""
    resources = read_template(TEMPLATE)["Resources"]
    roles = {
        made["Properties"]["Handler"].split(".")[1]: resources[target_of(made["Properties"]["Role"])]["Properties"]
        for made in resources.values()
        if made["Type"] == "AWS::Serverless::Function"
    }
    return {
        name: [
            one
            for policy in role.get("Policies", ())
            if "Fn::If" not in policy  # a network and a key of one's own
            for one in policy["PolicyDocument"]["Statement"]
        ]
        for name, role in roles.items()
    }


def _allows(statement: Mapping[str, Any], action: str, resource: str, key: str) -> bool:
    actions, resources = _many(statement["Action"]), [_name(one) for one in _many(statement["Resource"])]
    if statement["Effect"] != "Allow" or action not in actions or resource not in resources:
        return False
    for operator, condition in statement.get("Condition", {}).items():
        compare: Callable[[str, str], bool] = fnmatchcase if operator.endswith("StringLike") else str.__eq__
        if not any(compare(key, str(pattern)) for pattern in condition["dynamodb:LeadingKeys"]):
            return False
    return True


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(resource: Any) -> str:
    if isinstance(resource, dict) and "Fn::Sub" in resource:
        return str(resource["Fn::Sub"]).replace("${", "").replace(".Arn}", "").replace("}", "")
    return target_of(resource) or str(resource)


def unused(asked: Asked, function: str) -> list[tuple[str, str]]:
    """Actions and resources that a function's role allows and that nobody asked for. Lambda itself writes logs and receives."""
    wanted = {(action, resource) for name, action, resource, _ in asked if name == function}
    allowed = {
        (action, resource)
        for statement in _statements()[function]
        if statement["Sid"] not in ("Log", "Receive")
        for action in _many(statement["Action"])
        for resource in map(_name, _many(statement["Resource"]))
    }
    return sorted(allowed - wanted)
