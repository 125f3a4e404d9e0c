"""Two workers at the same time, in every order of their steps. A step is one call that touches what they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.simulation.aws.boundary import Call
from tests.simulation.aws.lambdas import record_of
from tests.simulation.judge.recording import logs_into
from tests.simulation.loop import Task
from tests.simulation.world import World

STEP = 0.02
"""Virtual seconds that a step takes."""


def hold_messages(world: World) -> None:
    """From now on messages stay in their queue until ``take`` or ``let_go``."""
    for poller in world.pollers:
        poller.stopped = True


def let_go(world: World) -> None:
    for poller in world.pollers:
        poller.stopped = False
        poller.arm()


def take(world: World, queue: str = "DeliveryQueue", *, again: bool = False) -> dict[str, Any]:
    """Receives one message. ``again``: leaves it to be received once more, as SQS may at any time."""
    url = world.cloud.queue_url(queue)
    [message] = world.cloud.sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    if again:
        world.cloud.sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    return {"Records": [record_of(message, world.cloud.arns[queue])]}


class Workers:
    """Runs one invocation of ``function`` per event, a message of ``queue``, step by step, in a chosen order."""

    def __init__(
        self, world: World, events: list[dict[str, Any]], function: str = "deliver_contact", queue: str = "DeliveryQueue"
    ) -> None:
        self._world = world
        self._queue = queue
        self._tasks: list[Task] = []
        self.answers: list[Any] = [None] * len(events)
        loop = world.loop
        loop.until = float("inf")
        loop.chooser = self._park
        for index, event in enumerate(events):
            world.functions[function].invoke(event, self._note(index, event))
        for task in self._tasks:
            task.deadline = loop.time + 100_000.0  # a frozen process is worse than one that ends in time

    def step(self, index: int) -> None:
        """One step of a worker: up to its next call that touches what is shared, or to its end."""
        world, task = self._world, self._tasks[index]
        with logs_into(world.logs):
            while not task.done:
                task.resume()
                world.loop.time += STEP
                call = world.crossing.entered.get(task)
                if call is None or call.is_vendor or call.subject == "ReferralsTable":
                    return

    def next_call(self, index: int) -> Call | None:
        """The call that a worker's next step makes; None while it has not begun, or when it has ended."""
        return self._world.crossing.entered.get(self._tasks[index])

    def alive(self) -> list[int]:
        return [index for index, task in enumerate(self._tasks) if not task.done]

    def end(self) -> None:
        """Everybody runs to the end, one after the other."""
        for index in self.alive():
            while index in self.alive():
                self.step(index)
        self._world.loop.chooser = None
        self._world.loop.until = self._world.loop.time

    def _park(self, task: Task) -> None:
        if task not in self._tasks:
            self._tasks.append(task)

    def _note(self, index: int, event: dict[str, Any]) -> Callable[[Any, BaseException | None], None]:
        def then(answer: Any, ended: BaseException | None) -> None:
            assert ended is None, repr(ended)
            self.answers[index] = answer
            if not answer["batchItemFailures"]:
                url = self._world.cloud.queue_url(self._queue)
                handle = event["Records"][0]["receiptHandle"]
                self._world.cloud.sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)

        return then


class Explorer:
    """Goes through all orders of the first ``steps`` steps, but only one of those that differ in steps that commute.

    Such orders have the same outcome. The one that is kept never lets worker 0 follow worker 1 with a step that could as
    well have gone before it.
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._prefix: list[int] = []
        self._chosen: list[int] = []
        self._open: list[bool] = []
        self._last: tuple[int, Call | None] = (0, None)
        self.orders = 0
        self.finished = False

    def choose(self, workers: Workers) -> int | None:
        """Who goes next; None when this order need not be followed to its end."""
        number, alive = len(self._chosen), workers.alive()
        allowed = [index for index in alive if not self._is_redundant(index, workers)] if number < self._steps else alive[:1]
        if not allowed:
            return None
        pick = self._prefix[number] if number < len(self._prefix) else allowed[0]
        self._chosen.append(pick)
        self._open.append(len(allowed) > 1 and pick == allowed[0])
        self._last = (pick, workers.next_call(pick))
        return pick

    def next_order(self) -> None:
        """Call after each order."""
        self.orders += 1
        turn = max((index for index, is_open in enumerate(self._open) if is_open), default=None)
        self.finished = turn is None
        self._prefix = [] if turn is None else [*self._chosen[:turn], 1]
        self._chosen, self._open, self._last = [], [], (0, None)

    def _is_redundant(self, index: int, workers: Workers) -> bool:
        before, call = self._last
        following = workers.next_call(index)
        return index < before and call is not None and following is not None and call.commutes_with(following)
