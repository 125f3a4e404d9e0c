"""Deploys the template into ministack and reads what came of it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from sandbox.stack import bridge, expand, package
from sandbox.stack.errors import DeploymentError
from sandbox.stack.ministack import Ministack

STACK = "local"
BUCKET = "local-code"
CREATE_SECONDS = 60.0
MAX_MESSAGE = 500
"""Characters; a refusal may repeat the whole template."""


class Deployment:
    """One CloudFormation stack made from a SAM template."""

    def __init__(self, ministack: Ministack, template: Path, parameters: Mapping[str, str], cache: Path, venv: Path) -> None:
        self._ministack = ministack
        self._template = template
        self._wanted = dict(parameters)
        self._cache = cache
        self._venv = venv
        self.outputs: dict[str, str] = {}
        self.resources: dict[str, str] = {}
        self.routes: frozenset[str] = frozenset()
        self.api_id = ""

    def create(self) -> None:
        """Raises DeploymentError with the reasons of the stack's events."""
        with self._client("s3") as s3:
            s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
        self._apply("create_stack")

    def update(self) -> None:
        """Deploy the template and the code as they are now; addresses and stored rows stay."""
        self._apply("update_stack")

    def _apply(self, call: str) -> None:
        template = expand.read_template(self._template)
        declared = template.get("Parameters", {})
        parameters = {name: value for name, value in self._wanted.items() if name in declared}
        defaults = {name: str(entry["Default"]) for name, entry in declared.items() if "Default" in entry}
        locations = self._upload(template)
        expand.name_release(template, hashlib.sha256(json.dumps([locations, parameters]).encode()).hexdigest()[:16])
        expanded = expand.expand_template(template, {**defaults, **parameters}, locations)
        bridged = bridge.bridge_template(expanded, {**defaults, **parameters})
        address = self._upload_template(bridged)
        with self._client("cloudformation") as cloudformation:
            try:
                getattr(cloudformation, call)(
                    StackName=STACK,
                    TemplateURL=address,
                    Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
                    Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
                )
            except ClientError as error:
                if "No updates are to be performed" in str(error):
                    return
                message = error.response["Error"]["Message"]
                raise DeploymentError(f"The template is refused: {message[-MAX_MESSAGE:]}") from error
            self._wait(cloudformation)
            self._read_result(cloudformation, bridged)
        self._let_rows_expire(bridged)

    def _upload(self, template: Mapping[str, Any]) -> dict[str, str]:
        root = self._template.parent.resolve()
        locations = {}
        with self._client("s3") as s3:
            for name, (folder, build) in expand.list_code(template).items():
                if template["Resources"][name]["Type"] == "AWS::Serverless::LayerVersion":
                    content = package.pack_layer(root, folder, build, self._cache, self._venv)
                else:
                    content = package.pack_function(root, folder, build)
                key = f"{name}-{hashlib.sha256(content).hexdigest()[:16]}.zip"
                s3.put_object(Bucket=BUCKET, Key=key, Body=content)
                locations[name] = f"s3://{BUCKET}/{key}"
        return locations

    def _upload_template(self, template: dict[str, Any]) -> str:
        # Handed over by address: CloudFormation takes no more than 51,200 characters in the call itself.
        key = f"template-{hashlib.sha256(json.dumps(template).encode()).hexdigest()[:16]}.json"
        with self._client("s3") as s3:
            s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(template).encode())
        return f"{self._ministack.endpoint}/{BUCKET}/{key}"

    def _wait(self, cloudformation: Any) -> None:
        deadline = time.monotonic() + CREATE_SECONDS
        while True:
            stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
            status = stack["StackStatus"]
            if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                return
            if not status.endswith("_IN_PROGRESS"):
                raise DeploymentError(f"The deployment ended as {status}.", _read_reasons(cloudformation))
            if time.monotonic() > deadline:
                raise DeploymentError(f"The deployment is still {status} after {CREATE_SECONDS:.0f} s.")
            time.sleep(0.05)

    def _read_result(self, cloudformation: Any, template: dict[str, Any]) -> None:
        stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        self.outputs = {entry["OutputKey"]: entry["OutputValue"] for entry in stack.get("Outputs", [])}
        rows = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
        self.resources = {row["LogicalResourceId"]: row.get("PhysicalResourceId", "") for row in rows}
        apis = [name for name, resource in template["Resources"].items() if resource["Type"] == "AWS::ApiGatewayV2::Api"]
        if len(apis) != 1:
            raise DeploymentError(f"The local stack serves one HTTP API; the template has {len(apis)}.")
        self.api_id = self.resources[apis[0]]
        self.routes = frozenset(
            resource["Properties"]["RouteKey"]
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::ApiGatewayV2::Route"
        )

    def _let_rows_expire(self, template: dict[str, Any]) -> None:
        with self._client("dynamodb") as dynamodb:
            for name, attribute in bridge.list_expiring_tables(template).items():
                with contextlib.suppress(ClientError):  # after an update it is on already
                    dynamodb.update_time_to_live(
                        TableName=self.resources[name],
                        TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute},
                    )

    @contextlib.contextmanager
    def _client(self, service: str) -> Iterator[Any]:
        client = self._ministack.client(service)
        try:
            yield client
        finally:
            client.close()


def _read_reasons(cloudformation: Any) -> list[str]:
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    return [
        f"{event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("_FAILED") and event.get("ResourceStatusReason")
    ]
