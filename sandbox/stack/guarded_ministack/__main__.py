"""Starts ministack with a guard in front. Run as a folder by ministack's own interpreter.

The guard asks for the access key in AWS_ACCESS_KEY_ID; every function is given the same one.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[3]))
guard = importlib.import_module("sandbox.guard")
KEY = os.environ["AWS_ACCESS_KEY_ID"]
SECRET = os.environ["AWS_SECRET_ACCESS_KEY"]


def execution_credentials(_: Any) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": ""}


runtime = importlib.import_module("ministack.core.lambda_runtime")
runtime.execution_credentials = execution_credentials
workers = importlib.import_module("workers")
workers.limit_workers(runtime, int(os.environ["MOST_WORKERS"]))
workers.end_idle_workers(runtime, float(os.environ["IDLE_SECONDS"]), tuple(os.environ["KEPT_WARM"].split()))
workers.share_layers(runtime, Path(os.environ["TMPDIR"]) / "layers")
app = importlib.import_module("ministack.app")
app.app = guard.AwsGuard(app.app, int(os.environ["GATEWAY_PORT"]), KEY)
app.main()
