"""Makes an expanded template fit for ministack 1.5.33. Each change is one gap of its; AWS takes the template as it is.

Alarms that it does not know are left out. An HTTP API's ``Body`` is not imported: it becomes authorizers, integrations and
routes. CORS keys are read in camel case. Numbers that parameters bring would stay texts in an event source mapping.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.stack.errors import DeploymentError

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method"})
NO_AUTHORIZER = "NONE"


def bridge_template(expanded: dict[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """A copy that ministack can create with these parameters."""
    template = copy.deepcopy(expanded)
    template.pop("Transform", None)
    resources = template["Resources"] = {
        name: resource for name, resource in template["Resources"].items() if not _is_refused(resource)
    }
    for name in [key for key, resource in resources.items() if resource["Type"] == "AWS::ApiGatewayV2::Api"]:
        body = resources[name]["Properties"].pop("Body", None)
        if body is not None:
            _expand_api(resources, name, body)
    for resource in resources.values():
        scaling = resource.get("Properties", {}).get("ScalingConfig", {})
        if isinstance(most := scaling.get("MaximumConcurrency"), dict):
            scaling["MaximumConcurrency"] = int(parameters[most["Ref"]])
    return template


def _is_refused(resource: dict[str, Any]) -> bool:
    """It knows neither composite alarms nor alarms over metric math. Nothing refers to one."""
    of_math = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    return of_math or resource["Type"] == "AWS::CloudWatch::CompositeAlarm"


def _expand_api(resources: dict[str, Any], api: str, body: dict[str, Any]) -> None:
    properties = resources[api]["Properties"]
    properties.pop("FailOnWarnings", None)
    properties.setdefault("Name", api)
    properties["ProtocolType"] = "HTTP"
    cors = body.get("x-amazon-apigateway-cors")
    if cors:
        properties["CorsConfiguration"] = _camel_case(cors)
    condition = {"Condition": resources[api]["Condition"]} if "Condition" in resources[api] else {}
    authorizers = {}
    for scheme, definition in (body.get("components", {}).get("securitySchemes") or {}).items():
        authorizers[scheme] = f"{api}{_identifier(scheme)}Authorizer"
        resources[authorizers[scheme]] = {**_authorizer(api, scheme, definition), **condition}
    for number, (method, path, operation) in enumerate(_operations(api, body)):
        integration = f"{api}Integration{number}"
        resources[integration] = {**_integration(api, operation), **condition}
        resources[f"{api}Route{number}"] = {
            **_route(api, _route_key(method, path), integration, _security(operation), authorizers),
            **condition,
        }


def _operations(api: str, body: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in body.get("paths", {}).items():
        if path.startswith("Fn::") or any(key.startswith("Fn::") for key in item):
            raise DeploymentError(f"{api}: a route under a condition has no bridge to ministack ({path}).")
        for method, operation in item.items():
            if method in METHODS:
                yield method, path, operation


def _route_key(method: str, path: str) -> str:
    if path == "/$default":
        return "$default"
    return f"{'ANY' if method.startswith('x-') else method.upper()} {path}"


def _authorizer(api: str, name: str, definition: dict[str, Any]) -> dict[str, Any]:
    settings = definition["x-amazon-apigateway-authorizer"]
    jwt = settings["jwtConfiguration"]
    return {
        "Type": "AWS::ApiGatewayV2::Authorizer",
        "Properties": {
            "ApiId": {"Ref": api},
            "AuthorizerType": "JWT",
            "Name": name,
            "IdentitySource": [settings["identitySource"]],
            "JwtConfiguration": {"Issuer": jwt["issuer"], "Audience": jwt["audience"]},
        },
    }


def _integration(api: str, operation: dict[str, Any]) -> dict[str, Any]:
    settings = operation["x-amazon-apigateway-integration"]
    properties = {
        "ApiId": {"Ref": api},
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": settings["uri"],
        "PayloadFormatVersion": str(settings.get("payloadFormatVersion", "2.0")),
    }
    if "timeoutInMillis" in settings:
        properties["TimeoutInMillis"] = settings["timeoutInMillis"]
    return {"Type": "AWS::ApiGatewayV2::Integration", "Properties": properties}


def _security(operation: dict[str, Any]) -> tuple[str, list[str]] | None:
    """The authorizer of a route and its scopes; None for a public one."""
    for requirement in operation.get("security") or []:
        for name, scopes in requirement.items():
            return None if name == NO_AUTHORIZER else (name, scopes)
    return None


def _route(
    api: str, key: str, integration: str, security: tuple[str, list[str]] | None, authorizers: dict[str, str]
) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "ApiId": {"Ref": api},
        "RouteKey": key,
        "Target": {"Fn::Join": ["/", ["integrations", {"Ref": integration}]]},
    }
    if security is not None:
        name, scopes = security
        if name not in authorizers:
            raise DeploymentError(f"{api}: the route {key} names an authorizer that is not there ({name}).")
        properties |= {"AuthorizationType": "JWT", "AuthorizerId": {"Ref": authorizers[name]}}
        if scopes:
            properties["AuthorizationScopes"] = scopes
    return {"Type": "AWS::ApiGatewayV2::Route", "Properties": properties}


def _camel_case(settings: dict[str, Any]) -> dict[str, Any]:
    return {key[:1].lower() + key[1:]: value for key, value in settings.items()}


def _identifier(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def list_expiring_tables(template: dict[str, Any]) -> dict[str, str]:
    """Logical id → attribute of every table whose rows expire: ministack's CloudFormation leaves that out."""
    expiring = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::DynamoDB::Table":
            continue
        settings = resource["Properties"].get("TimeToLiveSpecification", {})
        if settings.get("Enabled") in (True, "true"):
            expiring[name] = settings["AttributeName"]
    return expiring
