"""Few workers a function and one copy of each layer, by names that ministack's own runtime has."""

from __future__ import annotations

import importlib.util
import io
import threading
import time
import zipfile
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

FOLDER = Path(__file__).parents[4] / "sandbox/stack/guarded_ministack"
MINISTACK = Path(__file__).parents[4] / ".venv-ministack"


@pytest.fixture(scope="module")
def workers() -> ModuleType:
    spec = importlib.util.spec_from_file_location("guarded_workers", FOLDER / "workers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Runtime(SimpleNamespace):
    """As ministack's: a pool for each key, a new worker when none is free."""

    def __init__(self) -> None:
        self._workers: dict[str, list[Any]] = {}
        self.zipfile: Any = zipfile

    def _worker_key(self, name: str, _: Any, qualifier: str) -> str:
        return f"{name}:{qualifier}"

    def acquire_worker(self, name: str, config: Any, _: bytes, qualifier: str = "$LATEST") -> tuple[Any, str]:
        pool = self._workers.setdefault(self._worker_key(name, config, qualifier), [])
        free = next((one for one in pool if not one.in_use), None)
        if free is None:
            free = SimpleNamespace(in_use=True)
            pool.append(free)
        free.in_use = True
        return free, "spawn"

    def release_worker(self, worker: Any) -> None:
        worker.in_use = False


def test_a_burst_starts_three_workers_and_all_calls_are_answered(workers: ModuleType) -> None:
    runtime, answered = Runtime(), []
    workers.limit_workers(runtime, 3)

    def call() -> None:
        worker, _ = runtime.acquire_worker("deliver", {}, b"")
        time.sleep(0.002)
        answered.append(worker)
        runtime.release_worker(worker)

    threads = [threading.Thread(target=call) for _ in range(80)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(answered) == 80
    assert len(runtime._workers["deliver:$LATEST"]) <= 3


def test_one_functions_burst_does_not_hold_another_up(workers: ModuleType) -> None:
    runtime = Runtime()
    workers.limit_workers(runtime, 1)
    runtime.acquire_worker("deliver", {}, b"")
    assert runtime.acquire_worker("sweep", {}, b"")[0].in_use


def test_a_worker_that_died_does_not_hold_its_place(workers: ModuleType) -> None:
    """Nobody gives it back: it is dropped from the pool."""
    runtime = Runtime()
    workers.limit_workers(runtime, 1)
    runtime.acquire_worker("deliver", {}, b"")

    threading.Timer(0.05, runtime._workers["deliver:$LATEST"].clear).start()

    assert runtime.acquire_worker("deliver", {}, b"")[0].in_use


def test_idle_workers_end_but_those_on_the_way_of_a_signup(workers: ModuleType) -> None:
    runtime, ended = Runtime(), list[Any]()
    runtime._lock, runtime.kill_workers = threading.Lock(), ended.extend
    now = time.time()

    def worker(age: float, *, in_use: bool = False) -> Any:
        return SimpleNamespace(in_use=in_use, last_used=now - age)

    kept, surplus, fresh, busy, lone = worker(500), worker(500), worker(10), worker(500, in_use=True), worker(500)
    runtime._workers = {"a:eu:local-DeliverContactFunction-X:1": [kept, surplus, fresh], "a:eu:Sweep:1": [lone, busy]}
    workers.end_idle_workers(runtime, 90.0, ("DeliverContactFunction",))

    assert runtime.reap_idle_workers() == 2
    assert [id(one) for one in ended] == [id(surplus), id(lone)]
    assert list(runtime._workers.values()) == [[kept, fresh], [busy]]


def layer(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"python/{name}.py", text)
    return buffer.getvalue()


def test_a_layer_is_unpacked_once_for_all_workers(workers: ModuleType, tmp_path: Path) -> None:
    runtime = Runtime()
    workers.share_layers(runtime, tmp_path / "layers")
    for number, content in enumerate((layer(a="1"), layer(a="1"), layer(a="2"))):
        target = tmp_path / f"worker-{number}" / "layer_0"
        target.mkdir(parents=True)
        packed = target.with_suffix(".zip")
        packed.write_bytes(content)
        with runtime.zipfile.ZipFile(packed) as archive:
            archive.extractall(target)
        assert not packed.exists()

    assert [(tmp_path / f"worker-{number}/layer_0/python/a.py").read_text() for number in range(3)] == ["1", "1", "2"]
    assert len(list((tmp_path / "layers").iterdir())) == 2


def test_code_is_unpacked_for_each_worker(workers: ModuleType, tmp_path: Path) -> None:
    runtime = Runtime()
    workers.share_layers(runtime, tmp_path / "layers")
    (tmp_path / "code.zip").write_bytes(layer(a="1"))

    with runtime.zipfile.ZipFile(tmp_path / "code.zip") as archive:
        archive.extractall(tmp_path / "code")
    assert not (tmp_path / "code").is_symlink()


def test_ministack_still_has_the_names_that_are_replaced() -> None:
    (path,) = list(MINISTACK.glob("lib/python3.*/site-packages/ministack/core/lambda_runtime.py")) or [None]
    if path is None:
        pytest.skip("ministack is not installed")
    text = path.read_text("utf-8")
    for name in (
        "def acquire_worker(func_name",
        "def release_worker(worker",
        "def _worker_key(func_name",
        "_workers: dict",
        "import zipfile",
    ):
        assert name in text
