"""Lambda: warm processes, time-outs, kills, and the pollers between queues and functions."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from shared.runtime import bootstrap
from tests.simulation.aws.blueprint import Function, Source
from tests.simulation.loop import Killed

if TYPE_CHECKING:
    from tests.simulation.world import World

LONGEST_CHAIN = 16
"""Times that a function is invoked in one chain of messages before Lambda stops it, unless its loop is allowed.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""
PICK_UP = 0.03
"""Seconds from a message becoming visible to its poller having it."""
START = 0.002


class Context:
    """Lambda's context object, for the invocation in progress."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.aws_request_id = f"invocation-{world.crossing.begun}"

    def get_remaining_time_in_millis(self) -> int:
        task = self._world.loop.current
        assert task is not None
        return max(0, int((task.deadline - self._world.loop.time) * 1000))


@cache
def handler_of(name: str) -> Callable[[Any, Any], Any]:
    return importlib.import_module(f"functions.{name}.handler").lambda_handler  # type: ignore[no-any-return]


class ThrottledError(Exception):
    """The account's concurrency is used up."""


class LambdaFunction:
    """One function. Each invocation takes an idle process or a new one; a process that was killed is never seen again."""

    def __init__(self, world: World, made: Function) -> None:
        self.world = world
        self.made = made
        self.handler = handler_of(made.name)
        self.variables = world.cloud.variables_of(made)
        self.idle: list[bootstrap.Environment] = []
        self.began: list[float] = []
        self.running = 0
        self.errors: list[float] = []
        self.kills = 0

    @property
    def invocations(self) -> int:
        return len(self.began)

    def invoke(self, event: Any, then: Callable[[Any, BaseException | None], None] | None = None) -> None:
        """Starts an invocation. ``then`` gets its answer, or what ended it: an exception of the handler, or Killed."""
        world, deadline = self.world, self.world.loop.time + self.made.timeout
        busy = sum(function.running for function in world.functions.values())
        if busy >= world.concurrency or self.made.name in world.throttled:
            world.throttles.append((world.loop.time, self.made.id))
            self._answered(event, None, ThrottledError())
            if then is not None:
                world.at(world.loop.time, lambda: then(None, ThrottledError()))
            return
        self.began.append(world.loop.time)
        self.running += 1
        chain = self.world.chain_of(event.get("Records", ()), self.made.name)

        def body() -> None:
            assert world.loop.current is not None
            world.chains[world.loop.current] = chain
            answer, ended = self._run(event)
            self.running -= 1
            world.chains.pop(world.loop.current, None)
            self._answered(event, answer, ended)
            if ended is not None:
                self.errors.append(world.loop.time)
                world.note_lambda_error(self.made, ended)
            if then is not None:
                then(answer, ended)

        task = world.loop.start(body, deadline)
        world.crossing.begin(task, self.made.name)
        kill_after = getattr(world.crossing.faults, "kill_after", None)
        if kill_after is not None and (calls := kill_after()) is not None:
            world.crossing.kill_after[task] = calls

    def invoke_later(self, event: Any, *, since: float | None = None, failures: int = 0) -> None:
        """Asynchronously, as a schedule does: what fails is repeated a minute later, and two minutes after that.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
        """
        since = self.world.loop.time if since is None else since

        def then(_: Any, ended: BaseException | None) -> None:
            again_at = self.world.loop.time + 60.0 * (failures + 1)
            if ended is not None and failures < self.made.retries and again_at - since <= self.made.oldest_event:
                self.world.at(again_at, lambda: self.invoke_later(event, since=since, failures=failures + 1))

        self.invoke(event, then)

    def _answered(self, event: Any, answer: Any, ended: BaseException | None) -> None:
        """The API's access log has a line of each call that came through it."""
        if "requestContext" not in event:
            return
        status = answer["statusCode"] if ended is None else 503 if isinstance(ended, ThrottledError) else 500
        self.world.access_log.append((self.world.loop.time, {"route": self._route_of(event), "status": str(status)}))

    def _route_of(self, event: Any) -> str:
        """The longest route that leads to the call."""
        method, path = event["requestContext"]["http"]["method"], event["rawPath"]
        patterns = {
            route: re.sub(r"\\{\w+\\}", "[^/]+", re.sub(r"\\{\w+\\\+\\}", ".+", re.escape(route)))
            for _, route in self.made.routes
        }
        fit = [route for route, pattern in patterns.items() if re.fullmatch(pattern, path)]
        return f"{method} {max(fit, key=len, default='')}"

    def _run(self, event: Any) -> tuple[Any, BaseException | None]:
        task = self.world.loop.current
        environment = self.idle.pop() if self.idle else self.world.new_environment(self)
        killed = False
        try:
            with bootstrap.use(environment):
                answer = self.handler(event, Context(self.world))
        except Killed as death:
            killed = True
            self.kills += 1
            return None, death
        except Exception as error:  # noqa: BLE001 - Lambda counts it and keeps the process
            self.idle.append(environment)
            return None, error
        finally:
            if task is not None:
                self.world.crossing.end(task, killed=killed or task.dead)
        if task is not None and task.dead:  # killed in a call whose loss the handler did not notice
            self.kills += 1
            return None, Killed()
        self.idle.append(environment)
        return answer, None


class Poller:
    """An event source mapping: batches of a queue for a function, at most so many at once."""

    def __init__(self, world: World, source: Source, function: LambdaFunction) -> None:
        self.world = world
        self.source = source
        self.function = function
        self.concurrency = int(world.cloud.value(source.concurrency))
        self.url = world.cloud.queue_url(source.queue)
        self.running = 0
        self.stopped = False
        self._wakes_at = float("inf")

    def arm(self) -> None:
        """Looks when the queue has something, and comes back then."""
        if self.running >= self.concurrency or self.stopped:
            return
        visible_at = self.world.cloud.sqs.next_visible_at(self.url)
        if visible_at is None:
            return
        at = max(visible_at, self.world.loop.time) + PICK_UP
        if at < self._wakes_at:
            self._wakes_at = at
            self.world.loop.at(at, lambda: self._poll(at))

    def _poll(self, at: float) -> None:
        if at != self._wakes_at:
            return
        self._wakes_at = float("inf")
        while self.running < self.concurrency and not self.stopped:
            answer = self.world.cloud.sqs.receive_message(
                QueueUrl=self.url, MaxNumberOfMessages=self.source.batch_size, AttributeNames=["All"]
            )
            messages = answer.get("Messages", [])
            if not messages:
                break
            self._hand_over(messages)
        self.arm()

    def _stop(self, messages: list[dict[str, Any]]) -> None:
        """Lambda sends what it takes for a loop to the dead-letter queue."""
        dead_letters = self.world.cloud.dead_letters_of(self.source.queue)
        for message in messages:
            self.world.cloud.sqs.send_message(QueueUrl=dead_letters, MessageBody=message["Body"])
            self.world.cloud.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def _hand_over(self, messages: list[dict[str, Any]]) -> None:
        self.running += 1

        def then(answer: Any, ended: BaseException | None) -> None:
            self.running -= 1
            failed = failures_of(answer, {message["MessageId"] for message in messages}) if ended is None else None
            for message in messages:
                if failed is not None and message["MessageId"] not in failed:
                    self.world.cloud.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            self.arm()

        arn = self.world.cloud.arns[self.source.queue]
        if not self.function.made.rings_itself:
            stopped = [
                one
                for one in messages
                if self.world.chain_of([one], self.function.made.name)[self.function.made.name] > LONGEST_CHAIN
            ]
            self._stop(stopped)
            messages = [one for one in messages if one not in stopped]
            if not messages:
                self.running -= 1
                return
        self.function.invoke({"Records": [record_of(message, arn) for message in messages]}, then)


def failures_of(answer: Any, sent: set[str]) -> set[str] | None:
    """The messages that failed as Lambda reads the answer; None: all of them.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html: nothing, or an empty list, is a complete
    success; an id that is empty, missing or unknown is a complete failure.
    """
    if not isinstance(answer, dict) or not answer.get("batchItemFailures"):
        return set()
    failures = answer["batchItemFailures"]
    if not isinstance(failures, list):
        return None
    failed = {entry.get("itemIdentifier") if isinstance(entry, dict) else None for entry in failures}
    return failed if failed <= sent else None


def record_of(message: dict[str, Any], arn: str) -> dict[str, Any]:
    """A received message as Lambda's event has it."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": "eu-central-1",
    }
