"""Where campaign settings are kept: behind the API of a deployment, or on AWS itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.stack.errors import StackError
from sandbox.stack.ports import HOST
from shared.adapters.admin.schemas import settings_of
from shared.errors import ApplicationError, InvalidSettingsError
from shared.use_cases.campaign.delete_campaign import delete_campaign, meaning_of_deletion
from shared.use_cases.campaign.save_campaign import save_campaign
from shared.use_cases.operations.keep_act import kept_act
from tools.operate import operator_of
from tools.operating.deployment import Deployment

CALL_SECONDS = 35  # the API gives up after 30


@dataclass(frozen=True, slots=True)
class Change:
    """A file beside what is deployed. ``version`` None: the campaign has no settings yet."""

    path: Path
    document: dict[str, Any]
    deployed: dict[str, Any] | None
    version: int | None

    @property
    def kind(self) -> str:
        if self.deployed is None:
            return "new"
        return "unchanged" if self.deployed == self.document else "changed"


class Place(Protocol):
    """Each method raises StackError with the reason in plain words."""

    def compare(self, path: Path, document: dict[str, Any]) -> Change:
        """The file beside what is deployed."""

    def save(self, change: Change) -> str:
        """What happened, with warnings. Saves only over the version that the diff was made with."""

    def meaning_of_deletion(self, campaign_id: int) -> tuple[int, Sequence[str]]:
        """The version, and what deleting it leads to."""

    def delete(self, campaign_id: int, version: int) -> str: ...

    def close(self) -> None: ...


class ApiPlace:
    """The admin API of one deployment."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._http = requests.Session()
        self._http.trust_env = urlsplit(url).hostname not in (HOST, "localhost")
        self._http.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        self._http.close()

    def compare(self, path: Path, document: dict[str, Any]) -> Change:
        answer = self._call("GET", document["campaign_id"])
        if answer.status_code == 404:
            return Change(path, document, None, None)
        if answer.status_code != 200:
            raise StackError(f"{path}: {_describe(answer)}")
        return Change(path, document, answer.json(), int(answer.headers["ETag"].strip('W/"')))

    def save(self, change: Change) -> str:
        headers = {"If-Match": f'"{change.version}"'} if change.version else {"If-None-Match": "*"}
        answer = self._call("PUT", change.document["campaign_id"], json=change.document, headers=headers)
        if answer.status_code not in (200, 201):
            raise StackError(f"{change.path}: {_describe(answer)}")
        saved = answer.json()
        return "\n".join([f"{change.path}: saved as version {saved['version']}", *_remarks(saved["warnings"])])

    def meaning_of_deletion(self, campaign_id: int) -> tuple[int, Sequence[str]]:
        answer = self._call("GET", campaign_id, "/deletion")
        if answer.status_code != 200:
            raise StackError(_describe(answer))
        said = answer.json()
        return said["version"], said["means"]

    def delete(self, campaign_id: int, version: int) -> str:
        answer = self._call("DELETE", campaign_id, headers={"If-Match": f'"{version}"'})
        if answer.status_code != 200:
            raise StackError(_describe(answer))
        return str(answer.json()["message"])

    def _call(self, method: str, campaign_id: int, more: str = "", **request: Any) -> requests.Response:
        address = f"{self._url}/api/campaigns/{campaign_id}{more}"
        try:
            return self._http.request(method, address, timeout=CALL_SECONDS, allow_redirects=False, **request)
        except requests.RequestException as error:
            raise StackError(f"{self._url} does not answer ({type(error).__name__}).") from None


class StackPlace:
    """A stack on AWS, reached with the usual AWS credentials: no token, no sign-in, and the audit has whose they are. What is
    checked and written is what the API checks and writes."""

    def __init__(self, stack: str, client: Callable[[str], Any] | None = None) -> None:
        self._deployment = Deployment(stack, client or _client)

    def close(self) -> None: ...

    def compare(self, path: Path, document: dict[str, Any]) -> Change:
        with _in_plain_words(f"{path}: "):
            found = self._deployment.environment.campaigns.find(document["campaign_id"])
            return Change(path, document, dict(found.document) if found else None, found.version if found else None)

    def save(self, change: Change) -> str:
        campaign_id = change.document["campaign_id"]
        with _in_plain_words(f"{change.path}: "), self._audited(f"Loaded the settings of campaign {campaign_id}.") as who:
            environment = self._deployment.environment
            saved = save_campaign(environment, settings_of(change.document), change.version, who)
        remarks = [{"place": place, "message": message} for place, message in saved.warnings]
        return "\n".join([f"{change.path}: saved as version {saved.campaign.version}", *_remarks(remarks)])

    def meaning_of_deletion(self, campaign_id: int) -> tuple[int, Sequence[str]]:
        with _in_plain_words():
            campaign = self._deployment.environment.campaigns.get(campaign_id)
            return campaign.version, meaning_of_deletion(self._deployment.environment, campaign)

    def delete(self, campaign_id: int, version: int) -> str:
        with _in_plain_words(), self._audited(f"Deletes campaign {campaign_id}.") as who:
            delete_campaign(self._deployment.environment, campaign_id, version, who)
        return f"The settings of campaign {campaign_id} are deleted."

    @contextmanager
    def _audited(self, what: str) -> Iterator[str]:
        actor = operator_of(self._deployment.client)
        with kept_act(self._deployment.environment, actor, what):
            yield actor.who


def _client(service: str) -> Any:
    import boto3

    local = {"region_name": "eu-central-1"} if os.environ.get("AWS_ENDPOINT_URL") else {}
    return boto3.client(service, **local)


@contextmanager
def _in_plain_words(begin: str = "") -> Iterator[None]:
    try:
        yield
    except InvalidSettingsError as error:
        remarks = [{"place": place, "message": message} for place, message in error.problems]
        raise StackError("\n".join([f"{begin}The settings cannot be saved.", *_remarks(remarks)])) from None
    except (ApplicationError, BotoCoreError, ClientError) as error:
        raise StackError(f"{begin}{error}") from None


def _describe(answer: requests.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    said = problem.get("detail") or problem.get("message") or answer.reason
    return "\n".join([f"{answer.status_code} {said}", *_remarks(problem.get("errors", []))])


def _remarks(remarks: Sequence[dict[str, str]]) -> list[str]:
    return [f"  {remark['place']}: {remark['message']}" if remark["place"] else f"  {remark['message']}" for remark in remarks]
