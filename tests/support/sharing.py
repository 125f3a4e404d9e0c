"""How the tests are shared among pytest-xdist's workers."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

OF_ONE_WORKER = "tests/integration"


class ByFile(LoadFileScheduling):
    """A file's tests stay together, and those on the local stack all do: it is started once."""

    def _split_scope(self, nodeid: str) -> str:
        return OF_ONE_WORKER if nodeid.startswith(f"{OF_ONE_WORKER}/") else super()._split_scope(nodeid)
