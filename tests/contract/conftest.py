"""One ministack for the contract tests of a worker; each test makes tables, queues and secrets of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.aws.engines import started_ministack


@pytest.fixture(scope="package")
def ministack_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with started_ministack(tmp_path_factory) as url:
        yield url
