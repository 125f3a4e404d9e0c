"""``python -I -S tools/check_build.py <boto3 folder>``: every built handler imports from its bundle and the layer alone.

Run with Python 3.13 after ``sam build``. ``-I -S`` keeps this machine's packages out; the folder holds what Lambda's own
runtime brings (boto3 and what belongs to it).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BUILD = Path(".aws-sam/build")
LAYER = BUILD / "ApplicationLayer/python"
NEVER_SHIPPED = ("boto3", "botocore", "moto", "pytest", "aws_xray_sdk", "sandbox", "tests")
PROGRAM = "import sys; sys.path[:0] = sys.argv[2:]; __import__(sys.argv[1], fromlist=['lambda_handler']).lambda_handler"


def handlers() -> list[tuple[Path, str]]:
    """Bundle and module of every built function."""
    return [
        (found.parents[2], ".".join(found.relative_to(found.parents[2]).with_suffix("").parts))
        for found in sorted(BUILD.glob("*Function/functions/*/handler.py"))
    ]


def main(runtime: str) -> int:
    expected = len(list(Path("functions").glob("*/handler.py")))
    found = handlers()
    wrong = [f"{name} is in the layer" for name in NEVER_SHIPPED if (LAYER / name).exists()]
    if len(found) != expected:
        wrong.append(f"{len(found)} of {expected} handlers are where ParentPackageMode puts them: SAM CLI 1.145 or newer?")
    if not (LAYER / "shared/runtime/bootstrap.py").is_file():
        wrong.append("the layer has no shared/runtime/bootstrap.py: SAM CLI 1.145 or newer?")
    for bundle, module in found:
        paths = [str(bundle.resolve()), str(LAYER.resolve()), runtime]
        run = subprocess.run(  # noqa: S603  this interpreter, our own handlers
            [sys.executable, "-I", "-S", "-B", "-c", PROGRAM, module, *paths],
            capture_output=True, text=True, check=False, env={"PATH": os.defpath, "AWS_DEFAULT_REGION": "eu-central-1"},
        )  # fmt: skip
        if run.returncode:
            wrong.append(f"{module}: {(run.stderr.strip() or 'no reason').splitlines()[-1]}")
    for line in wrong:
        sys.stderr.write(f"build: {line}\n")
    if not wrong:
        sys.stdout.write(f"{len(found)} handlers import from their bundle and the layer alone\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
