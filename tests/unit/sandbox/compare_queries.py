"""Run by ministack's interpreter: random writes, and each query asked with and without the quick way. Prints what it saw."""

from __future__ import annotations

import importlib
import json
import random
import sys
from typing import Any

sys.path.insert(0, sys.argv[1])
quick_queries: Any = importlib.import_module("quick_queries")
ministack: Any = importlib.import_module("ministack.services.dynamodb")
PEOPLE, QUERIES, PARTITIONS = 120, 700, ("A", "B", "C")
KINDS = {"pk": "S", "sk": "S", "part": "S", "moment": "N", "group_name": "S"}
INDEXES = {
    "Whole": ("part", "moment", {"ProjectionType": "ALL"}),
    "Keys": ("part", "moment", {"ProjectionType": "KEYS_ONLY"}),
    "Hash": ("group_name", None, {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]}),
}


def schema(hash_name: str, range_name: str | None) -> list[dict[str, str]]:
    names = [(hash_name, "HASH"), *([(range_name, "RANGE")] if range_name else [])]
    return [{"AttributeName": name, "KeyType": kind} for name, kind in names]


def create() -> None:
    indexes = [{"IndexName": n, "KeySchema": schema(h, r), "Projection": p} for n, (h, r, p) in INDEXES.items()]
    definitions = [{"AttributeName": name, "AttributeType": kind} for name, kind in KINDS.items()]
    table = {"TableName": "rows", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": definitions}
    made = ask(ministack._create_table, {**table, "KeySchema": schema("pk", "sk"), "GlobalSecondaryIndexes": indexes})
    assert made["status"] == 200, made


def ask(call: Any, request: dict[str, Any]) -> dict[str, Any]:
    status, _, body = call(request)
    answer: dict[str, Any] = json.loads(body)
    return {"status": status, **answer}


def write(chance: random.Random) -> None:
    key = {"pk": {"S": f"P{chance.randrange(PEOPLE)}"}, "sk": {"S": chance.choice("xy")}}
    # Few different times, so that many items tie; 9 and 10 differ as numbers and as texts.
    facts: dict[str, Any] = {"moment": {"N": str(chance.randrange(15))}, "group_name": {"S": chance.choice(PARTITIONS)}}
    facts |= {"part": {"S": chance.choice(PARTITIONS)}, "note": {"S": "n" * chance.randrange(40)}}
    for name in [name for name in facts if chance.random() < 0.15]:
        del facts[name]
    kind = chance.randrange(5)
    if kind == 0:
        done = ask(ministack._delete_item, {"TableName": "rows", "Key": key})
    elif kind == 1 and facts:
        update = {"UpdateExpression": "SET " + ", ".join(f"{name} = :{name}" for name in facts)}
        update |= {"ExpressionAttributeValues": {f":{name}": value for name, value in facts.items()}}
        done = ask(ministack._update_item, {"TableName": "rows", "Key": key, **update})
    elif kind == 2:
        item = {"Put": {"TableName": "rows", "Item": key | facts}}
        done = ask(ministack._transact_write_items, {"TransactItems": [item]})
    elif kind == 3:
        done = ask(ministack._batch_write_item, {"RequestItems": {"rows": [{"PutRequest": {"Item": key | facts}}]}})
    else:
        done = ask(ministack._put_item, {"TableName": "rows", "Item": key | facts})
    assert done["status"] == 200, done


def query(chance: random.Random, index: str, starts: list[dict[str, Any]]) -> dict[str, Any]:
    hash_name = INDEXES[index][0]
    wanted: dict[str, Any] = {"TableName": "rows", "IndexName": index, "KeyConditionExpression": f"{hash_name} = :p"}
    values: dict[str, Any] = {":p": {"S": chance.choice([*PARTITIONS, "nobody"])}}
    if chance.random() < 0.8:
        wanted["Limit"] = chance.choice([1, 2, 7, 50, 500])
    if chance.random() < 0.7:
        wanted["ScanIndexForward"] = chance.random() < 0.4
    if starts and chance.random() < 0.6:
        wanted["ExclusiveStartKey"] = chance.choice(starts)
    if chance.random() < 0.2:
        wanted["FilterExpression"], values[":n"] = "note > :n", {"S": "nnnnnnnnnnnn"}
    odd = chance.randrange(40)
    wanted |= {
        0: {"Limit": 0},
        1: {"ConsistentRead": True},
        2: {"KeyConditionExpression": "note = :p"},
        3: {"ExclusiveStartKey": {"pk": {"S": "P1"}}},
        4: {"ProjectionExpression": "pk"},
        5: {"Select": "COUNT"},
        6: {"IndexName": "Gone"},
        7: {"TableName": "gone"},
        8: {"ExclusiveStartKey": {name: {"S": "1"} for name in KINDS}},
        9: {"KeyConditionExpression": f"({hash_name} = :p)"},
    }.get(odd, {})
    return {**wanted, "ExpressionAttributeValues": values}


def main() -> None:
    create()
    plain = ministack._query
    quick_queries.install(ministack)
    chance = random.Random(int(sys.argv[2]))
    seen = {"queries": 0, "refused": 0, "pages": 0, "items": 0}
    starts: dict[str, list[dict[str, Any]]] = {index: [] for index in INDEXES}
    while seen["queries"] < QUERIES:
        for _ in range(chance.randrange(4)):
            write(chance)
        index = chance.choice(list(INDEXES))
        request = query(chance, index, starts[index])
        slow, quick = ask(plain, request), ask(ministack._query, request)
        assert slow == quick, (request, slow, quick)
        seen["queries"] += 1
        seen["refused"] += slow["status"] == 400
        seen["items"] += len(slow.get("Items", ()))
        if "LastEvaluatedKey" in slow:
            seen["pages"] += 1
            starts[index] = [*starts[index][-20:], slow["LastEvaluatedKey"]]
    sys.stdout.write(json.dumps(seen | {"evaluated": evaluated()}))


def evaluated() -> int:
    """Items that one page of 10 costs, in a partition of 500."""
    for number in range(500):
        item = {"pk": {"S": f"Q{number}"}, "sk": {"S": "x"}, "part": {"S": "large"}, "moment": {"N": str(number)}}
        ask(ministack._put_item, {"TableName": "rows", "Item": item})
    real, counted = ministack._evaluate_condition, []
    ministack._evaluate_condition = lambda *args, **more: counted.append(1) or real(*args, **more)
    values = {":p": {"S": "large"}}
    request = {"TableName": "rows", "IndexName": "Whole", "KeyConditionExpression": "part = :p", "Limit": 10}
    page = ask(ministack._query, {**request, "ExpressionAttributeValues": values})
    assert page["Count"] == 10, page
    return len(counted)


main()
