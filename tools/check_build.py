"""Every built handler, and every module of the layer, imports from what is shipped alone.

Run with Python 3.13 after ``sam build``.

``python -I -S tools/check_build.py --compiled`` lists the layer's packages that are compiled for Lambda's processor and cannot
be loaded on this machine, as requirements. ``python -I -S tools/check_build.py <native> <runtime>`` checks; ``native`` holds
those packages for this machine, ``runtime`` what Lambda itself brings (boto3 and what belongs to it). ``-I -S`` keeps this
machine's own packages out.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

BUILD = Path(".aws-sam/build")
LAYER = BUILD / "ApplicationLayer/python"
SUFFIX = "cpython-313-aarch64-linux-gnu.so"
NEVER_SHIPPED = ("boto3", "botocore", "moto", "pytest", "aws_xray_sdk", "sandbox", "tests")
PROGRAM = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1].split()]"


def list_compiled() -> list[str]:
    """``name==version`` of the packages with parts for Lambda's processor; none on a machine of that kind."""
    if (platform.system(), platform.machine()) == ("Linux", "aarch64"):
        return []
    compiled = {path.relative_to(LAYER).parts[0] for path in LAYER.rglob(f"*.{SUFFIX}")}
    found = []
    for folder in LAYER.glob("*.dist-info"):
        name, version = folder.name.removesuffix(".dist-info").rsplit("-", 1)
        records = (folder / "RECORD").read_text().splitlines()
        if any(line.split("/", 1)[0] in compiled and f".{SUFFIX}," in line for line in records):
            found.append(f"{name}=={version}")
    return sorted(found)


def shipped() -> Iterator[tuple[str, list[Path], str]]:
    """What is checked: its name, its folders, and the modules to import."""
    for handler in sorted(BUILD.glob("*Function/functions/*/handler.py")):
        bundle = handler.parents[2]
        module = ".".join(handler.relative_to(bundle).with_suffix("").parts)
        yield module, [bundle, LAYER], module
    modules = [".".join(path.relative_to(LAYER).with_suffix("").parts) for path in sorted((LAYER / "shared").rglob("*.py"))]
    yield "the layer", [LAYER], " ".join(modules)


def check(native: str, runtime: str) -> list[str]:
    """What is wrong, in words."""
    wrong = [f"{name} is in the layer" for name in NEVER_SHIPPED if (LAYER / name).exists()]
    strange = [path.name for path in LAYER.rglob("*.so") if "x86_64" in path.name]
    wrong += [f"the layer has parts for another processor: {', '.join(strange)}"] if strange else []
    expected = len(list(Path("functions").glob("*/handler.py")))
    found = len(list(BUILD.glob("*Function/functions/*/handler.py")))
    if found != expected or not (LAYER / "shared/runtime/bootstrap.py").is_file():
        wrong.append(f"{found} of {expected} handlers are in their package, or the layer is not: SAM CLI 1.145 or newer?")
    for name, folders, modules in shipped():
        program = f"import sys; sys.path[:0] = sys.argv[2:]; {PROGRAM}"
        paths = [*(str(folder.resolve()) for folder in folders[:-1]), native, str(LAYER.resolve()), runtime]
        run = subprocess.run(  # noqa: S603  this interpreter, our own modules
            [sys.executable, "-I", "-S", "-B", "-c", program, modules, *paths],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": os.defpath, "AWS_DEFAULT_REGION": "eu-central-1"},
        )
        if run.returncode:
            wrong.append(f"{name}: {(run.stderr.strip() or 'no reason').splitlines()[-1]}")
    return wrong


def main(arguments: list[str]) -> int:
    if arguments == ["--compiled"]:
        sys.stdout.write("".join(f"{line}\n" for line in list_compiled()))
        return 0
    wrong = check(*arguments)
    for line in wrong:
        sys.stderr.write(f"build: {line}\n")
    if not wrong:
        sys.stdout.write("every handler and the whole layer import from what is shipped alone\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
