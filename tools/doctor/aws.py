"""What AWS does for the deployment: whether it would run what is due, and tell somebody what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.domain.vendor.limits import FIXED_WORKERS
from tools.doctor.deployment import LookedAt
from tools.doctor.finding import Finding, bad, good, skipped, warn

FURTHER_EXECUTIONS = 10
"""Receivers, schedules and the console, beside the queues' workers."""
PENDING = "PendingConfirmation"
OWN_SKEW = 10.0
VENDOR_SKEW = 60.0
"""Seconds. A contact created up to a minute before our own create began counts as ours; further off that fails."""


def check_stack(deployment: LookedAt) -> Iterator[Finding]:
    version = deployment.outputs.get("ApplicationVersion", "unknown")
    if deployment.status.endswith("_COMPLETE") and "ROLLBACK" not in deployment.status:
        yield good("stack", f"{deployment.stack}: {deployment.status}, version {version}")
    elif deployment.status.endswith("_IN_PROGRESS"):
        yield warn("stack", f"{deployment.stack}: {deployment.status}", "Wait until the deployment has ended, and look again.")
    else:
        do = f"CloudFormation, {deployment.stack}, Events: the first line that failed says why. Mend that and deploy again."
        yield bad("stack", f"{deployment.stack}: {deployment.status}", do)


def check_schedules(deployment: LookedAt) -> Iterator[Finding]:
    """A switched-off schedule leaves its work undone, in silence."""
    scheduler = deployment.client("scheduler")
    names = deployment.named("AWS::Scheduler::Schedule")
    off = [name for name, physical in names.items() if scheduler.get_schedule(Name=_last(physical))["State"] != "ENABLED"]
    for name in off:
        do = "EventBridge, Schedules: enable it. It is this application's own; nothing else may switch it off."
        yield bad("schedules", f"{name} ({_last(names[name])}) is disabled", do)
    if not names:
        yield bad("schedules", "the stack has none", "Deploy again: template.yaml makes them.")
    elif not off:
        yield good("schedules", f"all {len(names)} are enabled")


def check_mappings(deployment: LookedAt) -> Iterator[Finding]:
    """Without its mapping nobody takes a queue's messages."""
    functions = deployment.client("lambda")
    mappings = deployment.named("AWS::Lambda::EventSourceMapping")
    off = {}
    for name, uuid in mappings.items():
        state = functions.get_event_source_mapping(UUID=uuid)["State"]
        if state not in ("Enabled", "Enabling", "Creating", "Updating"):
            off[name] = state
    for name, state in off.items():
        do = f"aws lambda update-event-source-mapping --enabled --uuid {mappings[name]}"
        yield bad("mappings", f"{name} is {state}: its queue's messages wait", do)
    if not mappings:
        yield bad("mappings", "the stack has none", "Deploy again: template.yaml makes them.")
    elif not off:
        yield good("mappings", f"all {len(mappings)} are enabled")


def check_quotas(deployment: LookedAt) -> Iterator[Finding]:
    """Concurrent executions: what queues may use at once, against what the account has."""
    account = deployment.client("lambda").get_account_settings()["AccountLimit"]
    there = int(account["UnreservedConcurrentExecutions"])
    wanted = {name: int(deployment.parameters.get(name, "0")) for name in ("DeliveryConcurrency", "SyncConcurrency")}
    delivery, sync = wanted.values()
    named = f"DeliveryConcurrency {delivery} and SyncConcurrency {sync}"
    do = "Service Quotas, AWS Lambda, Concurrent executions: ask for 1,000; or deploy with a lower DeliveryConcurrency."
    if there <= delivery + sync:
        yield bad("quotas", f"{there} concurrent executions are free in this account, {named}: others are throttled", do)
    elif there < delivery + sync + FIXED_WORKERS + FURTHER_EXECUTIONS:
        what = f"{there} concurrent executions are free in this account: enough to try it, too few when everything is busy"
        yield warn("quotas", what, do)
    else:
        yield good("quotas", f"{there} concurrent executions are free in this account, {named}")


def check_alarms(deployment: LookedAt) -> Iterator[Finding]:
    """Whether anybody hears the alarms."""
    topic, sns = deployment.outputs.get("AlarmTopicArn", ""), deployment.client("sns")
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    heard = [entry for page in pages for entry in page["Subscriptions"]]
    pending = [entry for entry in heard if _is_pending(sns, entry["SubscriptionArn"])]
    for entry in pending:
        do = "Confirm in AWS's mail “Subscription Confirmation” there. Lost: SNS, the topic, Request confirmation."
        yield bad("alarms", f"{entry['Endpoint']} has not confirmed: it hears nothing", do)
    if len(heard) > len(pending):
        yield good("alarms", f"{len(heard) - len(pending)} confirmed subscription(s) hear them")
    elif not heard and deployment.is_local:
        yield skipped("alarms", "the local stack mails nobody", "Nothing; on AWS set AlarmEmail.")
    elif not heard:
        yield bad("alarms", "nobody hears them", f"Deploy with AlarmEmail=you@example.com, or subscribe to {topic}.")


def check_clock(deployment: LookedAt) -> Iterator[Finding]:
    """By the Date of answers; last, when both vendors have been called."""
    skews = dict(deployment.skews)
    ours = skews.pop("AWS", 0.0)
    if abs(ours) > OWN_SKEW:
        where = "the local stack's functions use it" if deployment.is_local else "what is said here of ages is off by as much"
        do = "Set this machine's clock (NTP), and look again."
        yield bad("clock", f"this machine is {abs(ours):.0f} s {'behind' if ours > 0 else 'ahead of'} AWS; {where}", do)
    wrong = {host: skew - ours for host, skew in skews.items() if abs(skew - ours) > VENDOR_SKEW}
    for host, skew in wrong.items():
        what = f"{host} is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} AWS: its times say who was there before"
        do = "Compare with time.gov. On one machine: set its clock. Otherwise it is the vendor's: write to its support."
        yield bad("clock", what, do)
    if abs(ours) <= OWN_SKEW and not wrong:
        yield good("clock", f"this machine, AWS and {len(skews)} vendor host(s) agree")


def _is_pending(sns: Any, arn: str) -> bool:
    """AWS shows no ARN of such a one; the local stack does."""
    return arn == PENDING or sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"].get(PENDING) == "true"


def _last(physical: str) -> str:
    """A schedule's name: CloudFormation answers it alone, or behind its group."""
    return physical.rpartition("/")[2].rpartition("|")[2]
