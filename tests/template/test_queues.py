"""Every queue has a worker, a dead-letter queue and an alarm, and settings under which nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.vendor.limits import FIXED_WORKERS
from tests.template.reading import Function, Resources, listed, statements_of, target_of

FOURTEEN_DAYS = 14 * 24 * 3600
WORK_QUEUES = {
    "DeliveryQueue": "deliver_contact",
    "QualificationQueue": "qualify_referral",
    "ReferrerQueue": "update_referrer",
    "ReconcileQueue": "reconcile",
    "SyncQueue": "sync_page",
}
DEAD_LETTER_QUEUES = {
    "DeliveryDeadLetterQueue",
    "QualificationDeadLetterQueue",
    "ReferrerDeadLetterQueue",
    "ReconcileDeadLetterQueue",
    "ScheduleDeadLetterQueue",
    "SyncDeadLetterQueue",
}


def mappings(resources: Resources) -> dict[str, dict[str, Any]]:
    """Queue → its event source mapping."""
    return {
        target_of(mapping["EventSourceArn"]): mapping
        for mapping in resources.of_type("AWS::Lambda::EventSourceMapping").values()
    }


def worker_of(queue: str, resources: Resources, functions: dict[str, Function]) -> Function:
    function_id = target_of(mappings(resources)[queue]["FunctionName"])
    return next(function for function in functions.values() if function.id == function_id)


def test_all_workers_together_are_those_the_limiter_counts_with(
    resources: Resources, functions: dict[str, Function], expanded: dict[str, Any]
) -> None:
    found = {queue: mapping["ScalingConfig"]["MaximumConcurrency"] for queue, mapping in mappings(resources).items()}
    assert {queue: most for queue, most in found.items() if isinstance(most, dict)} == {
        "DeliveryQueue": {"Ref": "DeliveryConcurrency"},
        "SyncQueue": {"Ref": "SyncConcurrency"},
    }
    assert sum(most for most in found.values() if isinstance(most, int)) == FIXED_WORKERS
    for function in functions.values():
        if "INTERCOM_API_URL" in function.variables:
            assert function.variables["DELIVERY_CONCURRENCY"] == {"Ref": "DeliveryConcurrency"}
            assert function.variables["SYNC_CONCURRENCY"] == {"Ref": "SyncConcurrency"}


def test_the_default_fits_into_a_young_account(expanded: dict[str, Any]) -> None:
    """10 executions at once in all: deliveries and sync leave half of them to the others."""
    workers = [expanded["Parameters"][name]["Default"] for name in ("DeliveryConcurrency", "SyncConcurrency")]
    assert sum(workers) <= 5


def test_these_are_all_queues(resources: Resources) -> None:
    assert set(resources.of_type("AWS::SQS::Queue")) == set(WORK_QUEUES) | DEAD_LETTER_QUEUES


@pytest.mark.parametrize("queue", WORK_QUEUES)
def test_a_queue_has_its_worker(queue: str, resources: Resources, functions: dict[str, Function]) -> None:
    assert worker_of(queue, resources, functions).name == WORK_QUEUES[queue]


@pytest.mark.parametrize("queue", WORK_QUEUES)
def test_a_message_stays_hidden_six_times_as_long_as_its_worker_may_run(
    queue: str, resources: Resources, functions: dict[str, Function]
) -> None:
    """And while Lambda gathers its batch."""
    timeout = worker_of(queue, resources, functions).properties["Timeout"]
    window = mappings(resources)[queue].get("MaximumBatchingWindowInSeconds", 0)

    assert resources.properties(queue)["VisibilityTimeout"] >= 6 * timeout + window


@pytest.mark.parametrize("queue", WORK_QUEUES)
def test_a_worker_reports_its_failed_records_one_by_one(queue: str, resources: Resources) -> None:
    assert mappings(resources)[queue]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("queue", WORK_QUEUES)
def test_a_worker_is_bounded_at_the_queue_and_never_by_a_reservation(
    queue: str, resources: Resources, functions: dict[str, Function]
) -> None:
    most = mappings(resources)[queue]["ScalingConfig"]["MaximumConcurrency"]
    assert most == {"Ref": queue.replace("Queue", "Concurrency")} if isinstance(most, dict) else most >= 2
    assert "ReservedConcurrentExecutions" not in worker_of(queue, resources, functions).properties


@pytest.mark.parametrize("queue", WORK_QUEUES)
def test_a_queue_gives_up_after_20_receives_into_a_queue_of_its_own(queue: str, resources: Resources) -> None:
    policy = resources.properties(queue)["RedrivePolicy"]
    assert policy["maxReceiveCount"] == 20
    assert target_of(policy["deadLetterTargetArn"]) == queue.replace("Queue", "DeadLetterQueue")


@pytest.mark.parametrize("queue", [*WORK_QUEUES, *sorted(DEAD_LETTER_QUEUES)])
def test_a_queue_keeps_messages_for_14_days_and_encrypted(queue: str, resources: Resources) -> None:
    properties = resources.properties(queue)

    assert properties["MessageRetentionPeriod"] == FOURTEEN_DAYS

    own = {"Fn::If": ["OwnKey", {"Ref": "AWS::NoValue"}, True]}
    assert properties["SqsManagedSseEnabled"] == (True if queue == "ScheduleDeadLetterQueue" else own)
    assert not properties.get("FifoQueue"), "standard queues; fairness comes from MessageGroupId"


@pytest.mark.parametrize("queue", sorted(DEAD_LETTER_QUEUES))
def test_one_visible_dead_letter_rings(queue: str, resources: Resources) -> None:
    alarm = resources.properties(queue.replace("Queue", "Alarm"))
    # NumberOfMessagesSent stays 0 when SQS itself moves a message.
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert target_of(alarm["Dimensions"][0]["Value"]) == queue
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (1, "GreaterThanOrEqualToThreshold")


def test_every_schedule_has_the_dead_letter_queue_and_a_name_of_its_stack(resources: Resources) -> None:
    schedules = resources.of_type("AWS::Scheduler::Schedule")
    targets = {target_of(schedule["Target"]["Arn"]): schedule for schedule in schedules.values()}
    assert {name: schedule["ScheduleExpression"] for name, schedule in targets.items()} == {
        "SweepFunction": "rate(1 minute)",
        "ReconcileFunction": "rate(5 minutes)",
        "UpdateReferrerFunction": "rate(5 minutes)",
        "StartSyncFunction": "rate(1 minute)",
        "SyntheticSignupFunction": "rate(10 minutes)",
    }
    for schedule in schedules.values():
        assert target_of(schedule["Target"]["DeadLetterConfig"]["Arn"]) == "ScheduleDeadLetterQueue"
        assert schedule["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 300
        assert "${AWS::StackName}" in schedule["Name"]["Fn::Sub"]


def test_a_mapping_may_receive_delete_and_postpone_from_its_queue_alone(
    resources: Resources, functions: dict[str, Function]
) -> None:
    for queue in WORK_QUEUES:
        receive = [
            statement
            for statement in statements_of(resources, worker_of(queue, resources, functions))
            if "sqs:ReceiveMessage" in listed(statement["Action"])
        ]
        assert len(receive) == 1
        assert target_of(receive[0]["Resource"]) == queue
        assert {"sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"} <= set(receive[0]["Action"])
