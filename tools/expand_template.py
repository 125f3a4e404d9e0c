"""``python -m tools.expand_template [file] [name=value …]``: template.yaml as plain CloudFormation, for checks of that.

Linting the SAM file alone lets a queue's visibility time-out pass that is shorter than its function's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from sandbox.stack.expand import expand_template, list_code, read_template

TEMPLATE = Path(__file__).parent.parent / "template.yaml"


def expand(path: Path = TEMPLATE, **parameters: str) -> dict[str, Any]:
    """The expanded template with each parameter's default, unless given; the code stands at made-up addresses."""
    template = read_template(path)
    defaults = {name: str(entry["Default"]) for name, entry in template["Parameters"].items() if "Default" in entry}
    return expand_template(template, defaults | parameters, {name: f"s3://code/{name}" for name in list_code(template)})


def main(arguments: list[str]) -> int:
    files = [one for one in arguments if "=" not in one]
    parameters = dict(one.split("=", 1) for one in arguments if "=" in one)
    text = json.dumps(expand(**parameters), indent=1, sort_keys=True)
    if files:
        target = Path(files[0])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text + "\n")
    else:
        sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
