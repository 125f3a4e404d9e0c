"""Where the functions and the layer are: as ``make build`` made them, or packed for the local stack."""

from __future__ import annotations

import io
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

from sandbox.stack.expand import list_code, read_template
from sandbox.stack.ministack import ROOT
from sandbox.stack.package import pack_function, pack_layer
from tools.artefact.hosting import Layout

LAMBDA_BRINGS = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")
INTERFACE = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")


def built(build: Path, python: str, native: str, runtime: str) -> Layout:
    """``native``: the layer's compiled packages in this machine's form; ``runtime``: what Lambda brings."""
    functions = {
        ".".join(handler.parent.relative_to(handler.parents[2]).parts): handler.parents[2].resolve()
        for handler in build.glob("*Function/functions/*/handler.py")
    }
    return Layout(python, functions, [Path(native), (build / "ApplicationLayer/python").resolve()], Path(runtime))


def packed(folder: Path) -> Layout:
    """Of the sources as they are, below ``folder``, for the interpreter of here."""
    template = read_template(ROOT / "template.yaml")
    functions, layer = {}, folder / "opt"
    for name, (source, build) in list_code(template).items():
        if template["Resources"][name]["Type"] == "AWS::Serverless::LayerVersion":
            content, target = pack_layer(ROOT, source, build, ROOT / ".sandbox/cache", Path(sys.prefix)), layer
        else:
            content, target = pack_function(ROOT, source, build), folder / name
            functions[source.strip("/").replace("/", ".")] = target
        zipfile.ZipFile(io.BytesIO(content)).extractall(target)
    return Layout(sys.executable, functions, [layer / "python"], runtime_of_here(folder / "runtime"))


def runtime_of_here(folder: Path) -> Path:
    """What Lambda brings, out of this interpreter's own packages."""
    folder.mkdir()
    for name in (*LAMBDA_BRINGS, *INTERFACE):
        found = find_spec(name)
        if found is None or found.origin is None:
            raise LookupError(f"{name} is not installed: make install")
        source = Path(found.origin).parent if found.submodule_search_locations else Path(found.origin)
        (folder / source.name).symlink_to(source)
    return folder
