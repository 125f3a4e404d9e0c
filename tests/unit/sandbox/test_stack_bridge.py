"""Expanding, bridging and packing a template, without ministack."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sandbox.stack import bridge, expand, package
from sandbox.stack.errors import DeploymentError, StackError
from sandbox.stack.ministack import ROOT

ECHO = ROOT / "tests" / "integration" / "echo" / "template.yaml"


@pytest.fixture(scope="module")
def bridged() -> dict[str, Any]:
    template = expand.read_template(ECHO)
    locations = {name: f"s3://bucket/{name}" for name in expand.list_code(template)}
    return bridge.bridge_template(expand.expand_template(template, {}, locations), {})


def _of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [entry["Properties"] for entry in template["Resources"].values() if entry["Type"] == f"AWS::ApiGatewayV2::{kind}"]


def test_each_route_becomes_a_resource_with_its_authorizer(bridged: dict[str, Any]) -> None:
    routes = {route["RouteKey"]: route for route in _of_type(bridged, "Route")}
    assert set(routes) == {"POST /open/{id}", "HEAD /open/{id}", "ANY /api/{proxy+}"}
    assert routes["ANY /api/{proxy+}"]["AuthorizationType"] == "JWT"
    assert "AuthorizationType" not in routes["POST /open/{id}"]
    assert len(_of_type(bridged, "Integration")) == 3

    (authorizer,) = _of_type(bridged, "Authorizer")
    assert authorizer["JwtConfiguration"]["Audience"] == [{"Fn::If": ["OwnPool", "y", {"Ref": "OidcAudience"}]}]


def test_the_api_keeps_no_body_and_cors_is_in_camel_case(bridged: dict[str, Any]) -> None:
    (api,) = _of_type(bridged, "Api")
    assert "Body" not in api
    assert api["CorsConfiguration"]["allowMethods"] == ["GET"]


def test_a_parameters_number_of_workers_is_a_number() -> None:
    source = {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {"ScalingConfig": {"MaximumConcurrency": {"Ref": "Many"}}},
    }
    bridged = bridge.bridge_template({"Resources": {"Source": source}}, {"Many": "10"})["Resources"]
    assert bridged["Source"]["Properties"]["ScalingConfig"]["MaximumConcurrency"] == 10


def test_alarms_that_ministack_does_not_know_are_left_out_and_others_stay() -> None:
    alarms = {
        "Plain": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors"}},
        "Math": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": []}},
        "Composite": {"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {}},
    }
    assert list(bridge.bridge_template({"Resources": alarms}, {})["Resources"]) == ["Plain"]


def test_tables_that_expire_are_found(bridged: dict[str, Any]) -> None:
    assert bridge.list_expiring_tables(bridged) == {"Table": "expires_at"}


def test_a_route_under_a_condition_is_refused_aloud() -> None:
    api = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": {"paths": {"/x": {"Fn::If": ["a", {}, {}]}}}}}
    with pytest.raises(DeploymentError, match="/x"):
        bridge.bridge_template({"Resources": {"HttpApi": api}}, {})


def test_an_authorizer_that_is_not_there_is_refused_aloud() -> None:
    operation = {"x-amazon-apigateway-integration": {"uri": "u"}, "security": [{"Gone": []}]}
    api = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": {"paths": {"/x": {"get": operation}}}}}
    with pytest.raises(DeploymentError, match="Gone"):
        bridge.bridge_template({"Resources": {"HttpApi": api}}, {})


def test_a_missing_or_broken_template_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match=r"no template at gone\.yaml"):
        expand.read_template(tmp_path / "gone.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [")
    with pytest.raises(DeploymentError, match=r"broken\.yaml is no YAML"):
        expand.read_template(broken)


def _names(content: bytes) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return set(archive.namelist())


def test_a_function_is_packed_under_its_own_path_and_alike_each_time() -> None:
    build = {"ParentPackageMode": "auto"}
    content = package.pack_function(ECHO.parent, "functions/echo/", build)

    assert _names(content) == {"functions/echo/handler.py"}
    assert content == package.pack_function(ECHO.parent, "functions/echo/", build)
    assert _names(package.pack_function(ECHO.parent, "functions/echo/", {})) == {"handler.py"}


def test_the_layer_holds_shared_and_its_dependencies(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    venv.mkdir()
    venv.joinpath("pyvenv.cfg").write_text(f"version = {sys.version_info.major}.{sys.version_info.minor}.0\n")
    build = {"ParentPackageMode": "explicit"}

    names = _names(package.pack_layer(ECHO.parent, "shared/", build, tmp_path / "cache", venv))

    assert {"python/shared/marker.py", "python/jmespath/__init__.py"} <= names
    assert not {name for name in names if name.startswith("python/boto")}
    assert names == _names(package.pack_layer(ECHO.parent, "shared/", build, tmp_path / "cache", venv))


def test_the_application_needs_no_boto3_in_its_layer() -> None:
    lines = ROOT.joinpath("shared", "requirements.txt").read_text().splitlines()
    needed = package.list_required(lines)
    assert {"pydantic", "pydantic-core", "requests", "aws-lambda-powertools"} <= needed
    assert not {"boto3", "botocore"} & needed


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="functions/gone"):
        package.pack_function(tmp_path, "functions/gone/", {})
