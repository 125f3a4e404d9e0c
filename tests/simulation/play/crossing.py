"""Where a call crosses from a handler to the outside: counted, traced, and gone with its process."""

from __future__ import annotations

from tests.simulation.aws.boundary import Call, Faults, Flavour, Trace
from tests.simulation.loop import Killed, Loop, Task
from tests.simulation.play.lost_creates import LostCreates


class Crossing:
    """Keeps the numbers of calls. Without a running invocation (a test that sets something up) nothing fails or takes time."""

    def __init__(self, loop: Loop, faults: Faults) -> None:
        self.loop = loop
        self.faults = faults
        self.trace = Trace()
        self.count = 0
        self.begun = 0
        self.log: list[Call] | None = None
        self.names: dict[Task, str] = {}
        self.invocations: dict[Task, int] = {}
        self.kill_after: dict[Task, int] = {}
        self.entered: dict[Task, Call] = {}
        self.lost_creates = LostCreates()

    def begin(self, task: Task, function: str) -> None:
        """An invocation of the function."""
        self.begun += 1
        self.names[task] = function
        self.invocations[task] = self.begun

    def end(self, task: Task, *, killed: bool) -> None:
        """Forgets the invocation."""
        self.lost_creates.ended(task, killed=killed)
        for kept in (self.names, self.invocations, self.kill_after, self.entered):
            kept.pop(task, None)

    def next_number(self) -> int:
        self.count += 1
        return self.count

    def enter(self, service: str, what: str, subject: str, number: int, attempt: int = 1, key: str = "") -> Flavour | None:
        """What is to go wrong with this call. Raises Killed when its process is gone already."""
        task = self.loop.current
        if task is None:
            return None
        if task.dead:
            raise Killed
        call = Call(service, what, subject, self.names.get(task, ""), number, attempt, key, self.invocations.get(task, 0))
        self.entered[task] = call
        if self.log is not None:
            self.log.append(call)
        flavour = self.faults(call) or self._kill(task)
        if flavour is not None:
            self.trace.note(self.loop.time, call, flavour)
        return flavour

    def sleep(self, seconds: float) -> None:
        """Virtual time passes for the running invocation."""
        if self.loop.current is not None:
            self.loop.current.sleep(seconds)

    def kill(self) -> None:
        """Ends the running invocation."""
        if self.loop.current is not None:
            self.loop.current.dead = True
        raise Killed

    def _kill(self, task: Task) -> Flavour | None:
        left = self.kill_after.get(task)
        if left is None:
            return None
        self.kill_after[task] = left - 1
        return Flavour.KILLED if left <= 1 else None
