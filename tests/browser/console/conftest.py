"""One stack and one window for all modules of this folder, in the order of their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.stack.stack import Stack
from tests.browser import conftest as one_for_each_module
from tests.browser.windows import call, end_faults, post_webhook
from tests.support.documents import example

stack = pytest.fixture(scope="package")(one_for_each_module.running_stack)
problems = pytest.fixture(scope="package")(one_for_each_module.new_problems)
page = pytest.fixture(scope="package")(one_for_each_module.marketers_window)


@pytest.fixture(scope="package", autouse=True)
def campaign(stack: Stack) -> dict[str, Any]:
    """Active, with settings as the repository's own example has them."""
    document: dict[str, Any] = example()
    call(stack, "PUT", "/api/campaigns/1", document)
    post_webhook(stack, {"id": 801, "first_name": "=Ivo", "email": "ivo@example.com", "source": "Referred", "referrer_id": 5})
    return document


@pytest.fixture(autouse=True)
def no_fault_stays(stack: Stack) -> Iterator[None]:
    """What a test ordered of the stand-ins is over with it, also when it failed."""
    yield
    for address in (stack.intercom_url, stack.referral_factory_pages_url):
        end_faults(address)
