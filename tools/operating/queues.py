"""Queues: how full they are, their dead letters, and the workers that empty them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.operating.deployment import QUEUES, Deployment
from tools.operating.operator import OperatingError, Operator

BELLS = ("Reconcile", "Schedule")
"""Their dead letters only wake somebody up: nothing is lost with them. Sync's run goes on without them."""
PURGED = (*BELLS, "Sync")
_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
MOST_MOVED = 100_000
WORKERS = {
    "deliver-contact": "Signups are then accepted and wait in the queue, up to 14 days; nobody reaches Intercom.",
    "qualify-referral": "Qualifications then wait in the queue, up to 14 days.",
    "update-referrer": "Counts and rewards then wait in the queue, up to 14 days.",
    "reconcile": "Reconcile then runs by its schedule alone.",
    "sync-page": "Sync runs then stand still.",
}


@dataclass(frozen=True, slots=True)
class Depth:
    """Messages that wait, that a worker has, and that wait for their time."""

    waiting: int
    in_flight: int
    delayed: int


def depth_of(deployment: Deployment, url: str) -> Depth:
    answer = deployment.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))
    return Depth(*(int(answer["Attributes"].get(name, 0)) for name in _COUNTS))


def show_queues(deployment: Deployment) -> Iterator[str]:
    for name in QUEUES:
        depth = depth_of(deployment, deployment.queue(name))
        dead = depth_of(deployment, deployment.dead_letter_queue(name)).waiting
        letters = f" · {dead} DEAD LETTERS: see `redrive`" if dead else ""
        yield _line(name, f"{depth.waiting} waiting, {depth.in_flight} with a worker, {depth.delayed} later{letters}")
    dead = depth_of(deployment, deployment.dead_letter_queue("Schedule")).waiting
    if dead:
        yield _line("Schedule", f"{dead} DEAD LETTERS: a schedule could not start its function")
    for worker in WORKERS:
        handing = deployment.handing(worker)
        if handing is None or not handing.is_on:
            yield f"worker {worker:<18} OFF ({handing.state if handing else 'no mapping'}): `worker on {worker}` switches it on"


def _line(name: str, text: str) -> str:
    return f"queue {name.lower():<15}{text}"


def redrive(deployment: Deployment, operator: Operator, name: str) -> Iterator[str]:
    """Each dead letter back to its queue: sent first, then deleted, so that one that comes twice is all that can happen."""
    url, target = deployment.dead_letter_queue(name), deployment.queue(name)
    operator.confirm(f"Is the cause mended? Otherwise the {name.lower()} queue's dead letters come back after 20 more tries.")
    sqs = deployment.client("sqs")
    moved = 0
    while moved < MOST_MOVED:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]).get(
            "Messages", []
        )
        if not found:
            break
        for message in found:
            group = message.get("Attributes", {}).get("MessageGroupId")
            sqs.send_message(QueueUrl=target, MessageBody=message["Body"], **({"MessageGroupId": group} if group else {}))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        moved += len(found)
    yield f"{moved} messages went back to the {name.lower()} queue. Doing a piece of work twice is harmless."


def purge(deployment: Deployment, operator: Operator, name: str) -> Iterator[str]:
    if name not in PURGED:
        raise OperatingError(f"The dead letters of {name.lower()} are people's: they are sent again (`redrive`), never purged.")
    url = deployment.dead_letter_queue(name)
    count = depth_of(deployment, url).waiting
    operator.confirm(f"Delete the {count} dead letters of {name.lower()}?")
    deployment.client("sqs").purge_queue(QueueUrl=url)
    yield f"{count} dead letters of {name.lower()} are deleted."


def switch_worker(deployment: Deployment, operator: Operator, name: str, *, on: bool) -> Iterator[str]:
    handing = deployment.handing(name)
    if handing is None:
        raise OperatingError(f"No queue feeds {name}: there is nothing to switch.")
    if handing.is_on is on:
        yield f"The worker {name} is {'on' if on else 'off'} already."
        return
    if not on:
        operator.confirm(f"Switch the worker {name} off? {WORKERS[name]}")
    deployment.client("lambda").update_event_source_mapping(UUID=handing.uuid, Enabled=on)
    yield f"The worker {name} is being switched {'on' if on else 'off'}; it takes up to a minute."
