"""Packs the functions and the layer as `make build` does: same import paths, no boto3, bytecode of the dependencies.

The layer is compressed: ministack keeps it in memory more than once, and unpacks it once (``guarded_ministack/workers.py``).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sandbox.stack.errors import StackError

LEFT_OUT = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
RECIPE = 3
"""Counts the ways in which dependencies were packed: a change makes the cache's packages again."""
EPOCH = (2020, 1, 1, 0, 0, 0)
"""All files get this date, so that the same content gives the same archive."""


def pack_function(root: Path, folder: str, build: dict[str, Any]) -> bytes:
    """A zip of a function's folder; with ``ParentPackageMode`` under its own path below ``root``, else at the top."""
    source = _existing(root, folder)
    prefix = f"{source.relative_to(root.resolve()).as_posix()}/" if build.get("ParentPackageMode") else ""
    return _zip((prefix + name, path.read_bytes()) for name, path in _files(source))


def pack_layer(root: Path, folder: str, build: dict[str, Any], cache: Path, venv: Path) -> bytes:
    """A zip of the layer: its folder and what its requirements.txt names, under ``python/``.

    ``cache`` keeps the packed dependencies; ``venv`` is that of the interpreter which will import them.
    """
    source = _existing(root, folder)
    prefix = f"python/{source.name}/" if build.get("ParentPackageMode") else "python/"
    requirements = source / "requirements.txt"
    buffer = io.BytesIO(_dependencies(requirements, cache, venv) if requirements.exists() else b"")
    with zipfile.ZipFile(buffer, "a") as archive:
        for name, path in _files(source):
            archive.writestr(zipfile.ZipInfo(prefix + name, EPOCH), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _existing(root: Path, folder: str) -> Path:
    source = (root / folder).resolve()
    if not source.is_dir():
        raise StackError(f"The template names the folder {folder}, which is not there.")
    return source


def _walk(source: Path) -> list[Path]:
    return sorted(path for path in source.rglob("*") if path.is_file())


def _files(source: Path) -> Iterator[tuple[str, Path]]:
    for path in _walk(source):
        if not LEFT_OUT.intersection(path.parts) and path.suffix != ".pyc":
            yield path.relative_to(source).as_posix(), path


def _zip(files: Iterable[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _dependencies(requirements: Path, cache: Path, venv: Path) -> bytes:
    version = read_python_version(venv)
    key = hashlib.sha256(f"{RECIPE}\n{version}\n{sys.platform}\n{requirements.read_text()}".encode()).hexdigest()[:16]
    packed = cache / f"layer-{key}.zip"
    if packed.exists():
        return packed.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        if version == f"{sys.version_info.major}.{sys.version_info.minor}":
            _copy_installed(requirements, target)
        else:
            _install(requirements, target, venv)
        _compile(target, venv)
        content = _zip((f"python/{path.relative_to(target).as_posix()}", path.read_bytes()) for path in _walk(target))
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = packed.with_suffix(f".{id(content)}.part")
    unfinished.write_bytes(content)
    unfinished.replace(packed)
    return content


def read_python_version(venv: Path) -> str:
    """The version of a venv's interpreter as ``3.11``; empty when it is unknown."""
    settings = venv / "pyvenv.cfg"
    found = re.search(r"^version(?:_info)?\s*=\s*(\d+\.\d+)", settings.read_text(), re.M) if settings.exists() else None
    return found.group(1) if found else ""


def list_required(lines: Iterable[str]) -> set[str]:
    """The names of the installed distributions that these requirements need, directly or not; extras apart."""
    waiting = [name for line in lines if (name := _name_of(line))]
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        try:
            requires = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # for another Python or system
        needed.add(name)
        waiting += [_name_of(line) for line in requires if "extra ==" not in line]
    return needed


def _name_of(line: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", line.strip())
    return re.sub(r"[-_.]+", "-", found.group()).lower() if found else ""


def _copy_installed(requirements: Path, target: Path) -> None:
    names = list_required(requirements.read_text().splitlines())
    if not names:
        raise StackError(f"What {requirements.parent.name}/{requirements.name} names is not installed: make install.")
    for name in sorted(names):
        for file in importlib.metadata.files(name) or []:
            if ".." not in file.parts and "__pycache__" not in file.parts:
                copy = target / file
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(Path(str(file.locate())).read_bytes())


def _install(requirements: Path, target: Path, venv: Path) -> None:
    result = _run(venv, "pip", "install", "-q", "--no-compile", "--target", str(target), "-r", str(requirements))
    if result.returncode:
        raise StackError(f"The layer's dependencies cannot be installed:\n{result.stderr.strip()[-2000:]}")


def _compile(target: Path, venv: Path) -> None:
    # Without bytecode each new worker compiles everything it imports. Some packages hold files for other Pythons: no check.
    if (venv / "bin" / "python").exists():
        _run(venv, "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash", str(target))


def _run(venv: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(venv / "bin" / "python"), "-m", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
