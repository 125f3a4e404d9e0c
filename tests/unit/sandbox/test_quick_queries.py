"""The quick way of ministack's queries answers what ministack answers."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from sandbox.stack.ministack import PROGRAM, VENV

COMPARE = Path(__file__).parent / "compare_queries.py"


@pytest.mark.parametrize("seed", [1, 2])
def test_a_page_of_an_index_is_ministacks_own_answer_and_reads_only_what_it_holds(seed: int) -> None:
    interpreter = VENV / "bin" / "python"
    if not interpreter.exists():
        pytest.skip(f"ministack's venv is missing ({VENV.name})")
    done = subprocess.run(
        [interpreter, COMPARE, PROGRAM, str(seed)], capture_output=True, text=True, timeout=60, env={"LOG_LEVEL": "ERROR"}
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout)
    assert seen["pages"] > 100
    assert seen["refused"] > 20
    assert seen["items"] > 1_000
    assert seen["evaluated"] <= 10
