"""Virtual time. Invocations are tasks that run one at a time and give way whenever virtual time passes.

Each task has a thread of its own to keep its stack, but only one thread ever runs: control is handed over by locks, so a
run is as deterministic as a single thread. Between two steps of one task any other task may run, as it would on AWS.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """The process ended here: by the platform's time-out, out of memory or SIGKILL. No ``except Exception`` sees it."""


class Task:
    """One invocation. ``deadline``: when the platform kills it."""

    def __init__(self, loop: Loop, body: Callable[[], Any], deadline: float = float("inf")) -> None:
        self.loop = loop
        self.body = body
        self.deadline = deadline
        self.dead = False
        self.done = False
        self.go = threading.Lock()
        self.go.acquire()

    def sleep(self, seconds: float) -> None:
        """Lets virtual time pass; others may run meanwhile. Raises Killed when the deadline comes first."""
        if self.dead:
            raise Killed
        loop = self.loop
        until = loop.time + seconds
        late = until >= self.deadline
        if late:
            until = max(loop.time, self.deadline)
        queue = loop.queue
        if until <= loop.until and (not queue or queue[0][0] > until) and loop.chooser is None:
            loop.time = until
        else:
            loop.give_way(self, until)
        if late or self.dead:
            self.dead = True
            raise Killed

    def resume(self) -> None:
        """From the loop: runs the task until it gives way or ends."""
        self.loop.current = self
        self.go.release()
        self.loop.back.acquire()
        self.loop.current = None


class _Carrier(threading.Thread):
    """Runs tasks, one after the other; kept between worlds."""

    idle: list[_Carrier] = []  # noqa: RUF012 - one pool for the process

    def __init__(self) -> None:
        super().__init__(daemon=True, name="simulated process")
        self.wake = threading.Lock()
        self.wake.acquire()
        self.task: Task | None = None
        self.start()

    @classmethod
    def carry(cls, task: Task) -> None:
        carrier = cls.idle.pop() if cls.idle else cls()
        carrier.task = task
        carrier.wake.release()

    def run(self) -> None:
        while True:
            self.wake.acquire()
            task, self.task = self.task, None
            assert task is not None
            task.go.acquire()
            try:
                task.body()
            except BaseException as error:  # noqa: BLE001 - handed to the loop, which raises it
                task.loop.broken = error
            task.done = True
            self.idle.append(self)
            task.loop.back.release()


class Loop:
    """What happens when. ``chooser``, when set, decides the order of tasks instead of time (see ``interleaving``)."""

    def __init__(self, start: float) -> None:
        self.time = start
        self.until = start
        self.queue: list[tuple[float, int, Callable[[], Any]]] = []
        self.current: Task | None = None
        self.back = threading.Lock()
        self.back.acquire()
        self.broken: BaseException | None = None
        self.chooser: Callable[[Task], None] | None = None
        self._numbers = itertools.count()
        self._tasks: set[Task] = set()

    def at(self, time: float, act: Callable[[], Any]) -> None:
        """Calls ``act`` at a virtual time, at once when that is over."""
        heapq.heappush(self.queue, (max(time, self.time), next(self._numbers), act))

    def start(self, body: Callable[[], Any], deadline: float = float("inf")) -> Task:
        """A task that begins now."""

        def whole() -> None:
            try:
                body()
            finally:
                self._tasks.discard(task)

        task = Task(self, whole, deadline)
        self._tasks.add(task)
        _Carrier.carry(task)
        if self.chooser is not None:
            self.chooser(task)
        else:
            self.at(self.time, task.resume)
        return task

    def give_way(self, task: Task, until: float) -> None:
        """From a task: lets others run until ``until``."""
        if self.chooser is not None and not task.dead:
            self.chooser(task)
        else:
            self.at(until, task.resume)
        self.back.release()
        task.go.acquire()

    def run(self, until: float) -> None:
        """Lets everything happen up to ``until``, which is then the time."""
        self.until = until
        while self.queue and self.queue[0][0] <= until:
            time, _, act = heapq.heappop(self.queue)
            self.time = max(self.time, time)
            act()
            if self.broken is not None:
                error, self.broken = self.broken, None
                raise error
        self.time = max(self.time, until)

    def close(self) -> None:
        """Ends what still runs, so that its threads can carry other tasks."""
        for task in list(self._tasks):
            task.dead = True
            self.chooser = None
            while not task.done:
                task.resume()
        self.queue.clear()
        self.broken = None
