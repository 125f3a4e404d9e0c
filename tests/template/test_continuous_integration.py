"""What a run leaves out, another step of continuous integration plays."""

from __future__ import annotations

import re
import tomllib

from tests.template.reading import ROOT

LEFT_TO_THE_WEEK = {"slow"}
"""`make simulate` plays them; longer than a change can wait."""


def test_each_marker_that_make_test_leaves_out_has_a_step() -> None:
    makefile = (ROOT / "Makefile").read_text()
    steps = re.findall(r"^step make ([a-z-]+)", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    targets = re.findall(r"^([a-z-]+):.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    found = {target: re.search(r'pytest .*-m (?:"([^"]*)"|(\w+))', recipe) for target, recipe in targets}
    chosen = {target: match[1] or match[2] for target, match in found.items() if match and target in steps}

    left_out = set(re.findall(r"not (\w+)", chosen["test"]))

    played = {word for target, expression in chosen.items() for word in expression.split() if target != "test"}
    assert left_out - LEFT_TO_THE_WEEK == {"crash", "thorough"}
    assert left_out - LEFT_TO_THE_WEEK <= played
    assert "thorough and not slow and not crash" in chosen["thorough-test"]


def test_a_marker_says_which_target_plays_its_tests() -> None:
    markers = dict(
        re.findall(
            r"(\w+): (.*)",
            "\n".join(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["markers"]),
        )
    )
    for name in ("thorough", "crash"):
        assert f"`make {name}-test`" in markers[name]
