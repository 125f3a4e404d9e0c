"""A person who asks to be forgotten is, in a busy world: no table, queue or log line holds what was theirs."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Iterator

from shared.domain.signup.state import State
from shared.domain.sync.member import Candidate
from shared.domain.sync.run import Chunk, RunState, SyncRun
from shared.domain.sync.source import SyncSettings
from shared.messages import DeliverContact
from shared.ports.signup import Quarantined
from tests.simulation.aws.boundary import RandomFaults
from tests.simulation.play.referral_stories import notify
from tests.simulation.play.syncing import connect, sync_settings
from tests.simulation.world import OF_A_SIGNUP, World
from tests.support.rows import readable

EMAIL = "canary.stone@example.com"
FUNCTIONS = (*OF_A_SIGNUP, "qualify_referral", "update_referrer", "intercom_webhook")


COPIES = {
    "REFERRAL CALLS",
    "REFERRAL REFERRAL",  # the ledger
    "REFERRAL REFERRER",  # links, counts and rewards of who refers
    "PERSON PERSON",  # by address
    "MEMBER MEMBER",  # of a sync
    "SYNCRUN CHUNK",  # a sync's pages
    "INBOX INBOX",
    "QUARANTINE QUARANTINE",
}
"""Where a person is, by the keys' first words."""


def kind_of(trace: str) -> str:
    _, pk, sk = trace.split(" ")
    return f"{pk.partition('#')[0]} {sk.partition('#')[0]}"


def traces(world: World, *canaries: str) -> Iterator[str]:
    """Where something of the person still is."""
    for table in world.blueprint.tables:
        for item in world.cloud.dynamodb.items(table):
            body = base64.b64decode(item["body"]["S"]).decode() if item["sk"]["S"] == "QUARANTINE" else ""
            text = readable(item) + body
            if any(canary in text.casefold() for canary in canaries):
                yield f"{table} {item['pk']['S']} {item['sk']['S']}"
    for queue in world.blueprint.queues:
        for body in world.cloud.sqs.bodies(world.cloud.queue_url(queue)):
            if any(canary in body.casefold() for canary in canaries):
                yield f"{queue} {body}"
    yield from (line for line in world.logs.lines if any(canary in line.casefold() for canary in canaries))


def leave_copies(world: World, user_id: int) -> None:
    """What unreadable webhooks, a queue that refused, and a sync that died leave behind."""
    environment = world.environment("reconcile")
    unreadable = base64.b64encode(json.dumps({"mail": EMAIL, "who": "Canaryname"}).encode()).decode()
    environment.quarantine.add(Quarantined("q", "1", "joined", "odd", "application/json", unreadable, world.now()))
    fields = {"id": str(user_id), "email": EMAIL, "first_name": "Canaryname"}
    environment.inbox.add(DeliverContact(1, user_id, "joined", world.now(), fields), world.now())
    run = SyncRun(
        campaign_id=1, slot=1, state=RunState.FAILED, created_at=world.now(), settings_version=1, settings=SyncSettings()
    )
    environment.sync_runs.add_chunk(run, Chunk(0, (Candidate("contact-of-canary", EMAIL, "Canaryname"),)))


def test_no_table_queue_or_log_of_a_busy_world_holds_the_erased_person() -> None:
    faults = RandomFaults(3, vendors=0.1, aws=0.05, kills=0.02)
    with World(3, faults=faults, duplicates=0.1, sync=True, functions=FUNCTIONS) as world:
        world.logs.lines = deque()
        world.configure(sync_settings())
        connect(world)
        for number in range(12):
            world.add_contact(f"contact-{number}@example.com", name="Somebody")
        world.add_contact("canary.stone.synced@example.com", name="Canaryname")
        referrer = world.sign_up(EMAIL, "Canaryname", last_name="Canaryfield", referrer=None)
        link = referrer.person.code.casefold()
        for number in range(6):
            world.sign_up(f"friend-{number}@example.com", referrer=referrer.person.id)
            world.run(40)
        notify(world)
        world.run(900)
        canaries = ("canary.stone", "canaryname", "canaryfield", link)
        with world.looking():
            leave_copies(world, referrer.person.id)
            assert {kind_of(trace) for trace in traces(world, *canaries)} == COPIES
            for email in (EMAIL, "canary.stone.synced@example.com"):
                world.environment("reconcile").erasures.request(email, world.now())
        world.sign_up("friend-9@example.com", referrer=referrer.person.id)  # tells their name and link again
        world.run(3_600)

        row = world.stored(referrer)
        assert row.state is State.ERASED
        assert list(traces(world, *canaries)) == []
        assert len(world.contacts("friend-9@example.com")) == 1
