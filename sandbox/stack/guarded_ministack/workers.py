"""What one machine has room for: few workers a function, idle ones ended, and each layer unpacked once. ministack itself starts
a process for each concurrent call, keeps one for each function, and unpacks the layer for each process.

All is set before its Lambda service is imported, for that takes the names over.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
import types
import zipfile
from pathlib import Path
from typing import Any

LOOK_AGAIN = 0.25
"""Seconds after which a call that waits looks again: a worker that died is given back by nobody."""


def limit_workers(runtime: Any, most: int) -> None:
    """A call for which all workers of its function are busy waits for one. No function of ours calls itself, so that none
    waits for its own end."""
    acquire, release = runtime.acquire_worker, runtime.release_worker
    freed = threading.Condition()

    def acquire_one(func_name: str, config: dict[str, Any], code_zip: bytes, qualifier: str = "$LATEST", **more: Any) -> Any:
        key = runtime._worker_key(func_name, config, qualifier)  # noqa: SLF001 - its only name
        with freed:
            while sum(worker.in_use for worker in runtime._workers.get(key, ())) >= most:  # noqa: SLF001
                freed.wait(LOOK_AGAIN)
            return acquire(func_name, config, code_zip, qualifier, **more)

    def release_one(worker: Any) -> None:
        release(worker)
        with freed:
            freed.notify()

    runtime.acquire_worker, runtime.release_worker = acquire_one, release_one


def end_idle_workers(runtime: Any, seconds: float, kept: tuple[str, ...]) -> None:
    """Whoever has done nothing for so long ends, also a function's only worker, but one each of the functions ``kept``."""

    def reap(_: float | None = None) -> int:
        now, ended = time.time(), []
        with runtime._lock:  # noqa: SLF001
            for key, pool in list(runtime._workers.items()):  # noqa: SLF001
                stays = any(name in key for name in kept)
                staying = [
                    one
                    for index, one in enumerate(pool)
                    if one.in_use or now - one.last_used < seconds or (stays and index == 0)
                ]
                ended += [one for one in pool if not any(one is other for other in staying)]
                runtime._workers[key] = staying  # noqa: SLF001
        runtime.kill_workers(ended)
        return len(ended)

    runtime.reap_idle_workers = reap


def share_layers(runtime: Any, folder: Path) -> None:
    """Each layer is unpacked into ``folder`` once; a worker gets a link to it."""
    unpacking = threading.Lock()

    class SharedZip(zipfile.ZipFile):
        def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
            target = Path(path)
            if not target.name.startswith("layer_") or self.filename is None:
                super().extractall(path, members, pwd)
                return
            archive = Path(self.filename)
            shared = folder / hashlib.sha256(archive.read_bytes()).hexdigest()[:16]
            with unpacking:
                if not shared.exists():
                    unfinished = shared.with_suffix(".part")
                    shutil.rmtree(unfinished, ignore_errors=True)
                    super().extractall(unfinished, members, pwd)
                    unfinished.rename(shared)
            target.rmdir()
            target.symlink_to(shared, target_is_directory=True)
            archive.unlink()

    folder.mkdir(parents=True, exist_ok=True)
    runtime.zipfile = types.SimpleNamespace(
        ZipFile=SharedZip, BadZipFile=zipfile.BadZipFile, LargeFileError=zipfile.LargeZipFile
    )
