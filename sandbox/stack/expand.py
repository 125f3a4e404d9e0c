"""Expands the SAM template offline into plain CloudFormation."""

from __future__ import annotations

import contextlib
import copy
import json
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from sandbox.stack.errors import DeploymentError
from sandbox.stack.ministack import REGION

CODE_KEYS = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # ten times as fast, where there is one
    """Knows the short intrinsics as the translator does, which would read all in Python."""


def _written_out(loader: Any, prefix: str, node: yaml.Node) -> Any:
    from samtranslator.yaml_helper import intrinsics_multi_constructor  # a second of import: only who expands pays it

    return intrinsics_multi_constructor(loader, prefix, node)


_Loader.add_multi_constructor("!", _written_out)


def read_template(path: Path) -> dict[str, Any]:
    """The template with its short intrinsics (``!Ref``) written out. Raises DeploymentError."""
    try:
        template = yaml.load(path.read_text(), _Loader)
    except FileNotFoundError as error:
        raise DeploymentError(f"There is no template at {path.name}.") from error
    except Exception as error:
        raise DeploymentError(f"{path.name} is no YAML: {error}") from error
    if not isinstance(template, dict) or not isinstance(template.get("Resources"), dict):
        raise DeploymentError(f"{path.name} has no Resources.")
    return json.loads(json.dumps(template, default=str))  # unquoted dates such as 2012-10-17 become text


def list_code(template: Mapping[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Logical id → (folder as written in the template, build properties) of every function and layer."""
    shared_folder = template.get("Globals", {}).get("Function", {}).get("CodeUri")
    code = {}
    for name, resource in template["Resources"].items():
        key = CODE_KEYS.get(resource.get("Type"))
        folder = resource.get("Properties", {}).get(key, shared_folder) if key else None
        if isinstance(folder, str):
            code[name] = (folder, resource.get("Metadata", {}).get("BuildProperties", {}))
    return code


def name_release(template: dict[str, Any], name: str) -> None:
    """Another name, and every function gets a new version; ``make build`` does the same."""
    variables = template.get("Globals", {}).get("Function", {}).get("Environment", {}).get("Variables", {})
    if "RELEASE" in variables:
        variables["RELEASE"] = name


def expand_template(template: Mapping[str, Any], parameters: Mapping[str, str], locations: Mapping[str, str]) -> dict[str, Any]:
    """Plain CloudFormation with the code at ``locations`` (logical id → ``s3://bucket/key``). Raises DeploymentError."""
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.translator.transform import transform

    source = copy.deepcopy(dict(template))
    source.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    for name, location in locations.items():
        resource = source["Resources"][name]
        resource["Properties"][CODE_KEYS[resource["Type"]]] = location
    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it warns of metrics that nobody asked for
    try:
        with _own_region():
            expanded = transform(source, dict(parameters), _NoManagedPolicies())
    except InvalidDocumentException as error:
        raise DeploymentError("The template cannot be expanded.", [cause.message for cause in error.causes]) from error
    return expanded


@contextlib.contextmanager
def _own_region() -> Iterator[None]:
    """The translator asks boto3 for a region and writes its partition into ARNs. This machine's profile may not exist, and its
    region may be of another partition."""
    theirs = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}
    os.environ["AWS_DEFAULT_REGION"] = REGION
    try:
        yield
    finally:
        del os.environ["AWS_DEFAULT_REGION"]
        os.environ.update(theirs)


class _NoManagedPolicies:
    """The translator brings the common managed policies with it; it would load others from IAM."""

    def load(self) -> dict[str, str]:
        return {}
