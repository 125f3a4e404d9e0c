"""Who runs which tests."""

from __future__ import annotations

from tests.support.sharing import ByFile


def test_the_tests_on_the_local_stack_go_to_one_worker_and_others_by_file() -> None:
    sharing = ByFile.__new__(ByFile)
    ids = {
        "tests/integration/test_sync.py::test_a[1]": "tests/integration",
        "tests/integration/machines/test_b.py::test_b": "tests/integration",
        "tests/unit/sync/test_sync.py::test_a[tests/integration]": "tests/unit/sync/test_sync.py",
    }
    assert {one: sharing._split_scope(one) for one in ids} == ids
