"""``python -m tools.template_options FOLDER``: the template as CloudFormation sees it with each option, for the linters.

Linters look at both sides of a condition one by one, or at none; here every condition is decided and what is off is gone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.expand_template import TEMPLATE, expand, read_template

ACCOUNT = "123456789012"
VPC = {"VpcSubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1", "VpcSecurityGroupIds": "sg-0123456789abcdef0"}
DOMAIN = {
    "DomainName": "referrals.example.com",
    "CertificateArn": f"arn:aws:acm:eu-central-1:{ACCOUNT}:certificate/01234567-89ab-cdef-0123-456789abcdef",
}
ZONE = {**DOMAIN, "HostedZoneId": "Z0123456789ABCDEFGHIJ"}
KEY = {"KmsKeyArn": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"}
SYNTHETIC = {"SyntheticSignupCampaign": "1", "SyntheticSignupEmail": "synthetic@example.com"}
ISSUER = {"OidcIssuer": "https://login.example.com/", "OidcAudience": "referrals", "OidcClientId": "console"}
FURTHER = {
    "Stage": "prod",
    "AlarmEmail": "oncall@example.com",
    "Canary": "true",
    "ViewerGroup": "referral-viewers",
    "SignupWebhookConcurrency": "50",
    "DeliveryConcurrency": "200",
    "SyncConcurrency": "8",
    "LogSourceAddress": "true",
    "LogRetentionDays": "365",
    "EraseDeletedContacts": "true",
}
OPTIONS: Mapping[str, Mapping[str, str]] = {
    "default": {},
    "canary": {"Canary": "true"},
    "network": VPC,
    "domain": DOMAIN,
    "domain-with-zone": ZONE,
    "own-key": KEY,
    "synthetic-signup": SYNTHETIC,
    "own-issuer": ISSUER,
    "everything": {**FURTHER, **VPC, **ZONE, **KEY, **SYNTHETIC},
    "everything-with-own-issuer": {**FURTHER, **VPC, **ZONE, **KEY, **SYNTHETIC, **ISSUER},
}
"""Alone, for what must not need another, and together."""
_NOTHING = object()


def decide(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """The template with these parameters in place, and without conditions."""
    values = {name: str(given.get(name, entry.get("Default", ""))) for name, entry in template["Parameters"].items()}
    parameters = {
        name: {**entry, "Default": int(values[name]) if entry["Type"] == "Number" else values[name]}
        for name, entry in template["Parameters"].items()
    }
    conditions = {name: _holds(one, values, template["Conditions"]) for name, one in template["Conditions"].items()}
    refs = {name: _typed(values[name], entry["Type"]) for name, entry in parameters.items()}
    decided = {
        name: _decide(part, conditions, refs) for name, part in template.items() if name not in ("Parameters", "Conditions")
    }
    for part in ("Resources", "Outputs"):
        decided[part] = {
            name: {key: value for key, value in entry.items() if key != "Condition"}
            for name, entry in decided[part].items()
            if conditions.get(entry.get("Condition", ""), True)
        }
    return {**decided, "Parameters": parameters}


def _holds(condition: Any, values: Mapping[str, str], conditions: Mapping[str, Any]) -> bool:
    ((function, argument),) = condition.items()
    match function:
        case "Condition":
            return _holds(conditions[argument], values, conditions)
        case "Fn::Equals":
            return len({str(_value(one, values)) for one in argument}) == 1
        case "Fn::Not":
            return not _holds(argument[0], values, conditions)
        case "Fn::And":
            return all(_holds(one, values, conditions) for one in argument)
        case "Fn::Or":
            return any(_holds(one, values, conditions) for one in argument)
    raise LookupError(f"conditions do not use {function} yet")


def _value(written: Any, values: Mapping[str, str]) -> Any:
    match written:
        case {"Ref": name}:
            return values[name]
        case {"Fn::Join": ["", inner]}:
            return str(_value(inner, values)).replace(",", "")
    return written


def _decide(part: Any, conditions: Mapping[str, bool], refs: Mapping[str, Any]) -> Any:
    match part:
        case {"Fn::If": [condition, yes, no]}:
            return _decide(yes if conditions[condition] else no, conditions, refs)
        case {"Ref": "AWS::NoValue"}:
            return _NOTHING
        case {"Ref": name} if name in refs:
            return refs[name]
        case dict():
            return {key: kept for key, value in part.items() if (kept := _decide(value, conditions, refs)) is not _NOTHING}
        case list():
            return [kept for value in part if (kept := _decide(value, conditions, refs)) is not _NOTHING]
    return part


def _typed(value: str, kind: str) -> Any:
    if kind == "Number":
        return int(value)
    return value.split(",") if kind == "CommaDelimitedList" else value


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    known = read_template(TEMPLATE)["Parameters"]
    for name, given in OPTIONS.items():
        if unknown := set(given) - set(known):
            raise LookupError(f"{name}: the template has no {', '.join(sorted(unknown))}")
        decided = decide(expand(TEMPLATE, **given), given)
        (folder / f"{name}.json").write_text(json.dumps(decided, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
