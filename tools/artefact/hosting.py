"""One function in a process of its own, laid out as in Lambda, fed with its sample events."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.artefact.runtime_api import RuntimeApi

LIFE_SECONDS = 240.0
"""All events of a function, on a machine that has much else to do."""
PROGRAM = """
import sys
ahead, runtime, handler = int(sys.argv[1]), sys.argv[2], sys.argv[3]
folders = sys.argv[4:]
sys.path[:0] = folders[:ahead]
sys.path.append(runtime)
import runpy
sys.argv = ["awslambdaric", handler]
runpy.run_module("awslambdaric", run_name="__main__")
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """``functions``: module (``functions.sweep``) → folder. ``layer``: the ``python`` of what comes to ``/opt``, behind
    compiled packages of this machine's kind if it is for another. ``runtime``: what Lambda itself brings, last on the path."""

    python: str
    functions: Mapping[str, Path]
    layer: Sequence[Path]
    runtime: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """``wrong``: sentences; ``printed``: the last lines of a process that did not even begin."""

    answers: Mapping[str, Any]
    wrong: Sequence[str]
    printed: str = ""


def host(
    layout: Layout, module: str, variables: Mapping[str, str], events: Mapping[str, Any], coming_back: Collection[str] = ()
) -> Outcome:
    """Starts the function under ``awslambdaric`` and plays its events. ``variables``: of the function, and AWS's address.
    ``coming_back``: events of which a part has to come back to the queue."""
    api = RuntimeApi(events)
    folders = [layout.functions[module], *layout.layer]
    handler = f"{module}.handler.lambda_handler"
    command = [layout.python, "-I", "-S", "-B", "-c", PROGRAM]
    command += [str(len(folders)), str(layout.runtime), handler, *map(str, folders)]
    environment = {
        **variables,
        "PATH": os.defpath,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_LAMBDA_FUNCTION_NAME": module.rpartition(".")[2],
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TASK_ROOT": str(layout.functions[module]),
        "LAMBDA_RUNTIME_DIR": str(layout.runtime),
        "_HANDLER": handler,
    }
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, cwd=layout.functions[module], env=environment, stdout=out, stderr=out)  # noqa: S603  the interpreter of here
        try:
            _wait(api, process)
        finally:
            process.kill()
            process.wait()
            api.close()
        out.seek(0)
        printed = out.read().decode(errors="replace").replace("\r", "\n")[-1_500:]
    wrong = [f"{name}: {reason}" for name, reason in api.errors.items()]
    wrong += [
        f"{name}: {reason}"
        for name, answer in api.answers.items()
        if (reason := _wrong_with(answer, len(events[name].get("Records", ())) - 1 if name in coming_back else 0))
    ]
    missing = [name for name in events if name not in api.answers and name not in api.errors]
    if missing and "init" not in api.errors:
        wrong.append(f"no answer to {', '.join(missing)}")
    return Outcome(api.answers, wrong, printed if wrong else "")


def _wait(api: RuntimeApi, process: subprocess.Popen[bytes]) -> None:
    for _ in range(int(LIFE_SECONDS * 20)):
        if api.ended.wait(0.05) or process.poll() is not None:
            return


def _wrong_with(answer: Any, most: int) -> str:
    """Of a queue's batch no message may come back, or ``most`` and at least one; no call may get a server error."""
    if not isinstance(answer, dict):
        return ""
    failures = answer.get("batchItemFailures", [])
    if len(failures) > most or bool(most) != bool(failures):
        return f"messages come back: {failures}"
    status = answer.get("statusCode", 200)
    return f"status {status}: {str(answer.get('body'))[:200]}" if status >= 500 else ""
