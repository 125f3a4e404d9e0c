"""What ships beside our own code: third-party notices, and a bill of materials (CycloneDX 1.5).

python -m tools.shipped notices             writes THIRD-PARTY-NOTICES.md
python -m tools.shipped sbom FILE           writes the bill of materials
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "shared" / "requirements.txt"
NOTICES = ROOT / "THIRD-PARTY-NOTICES.md"
VENDOR = ROOT / "functions" / "console" / "files" / "vendor"
VENDORS_LICENCES = ROOT / "tools" / "console" / "licences"
VENDORED = (("htm", "3.1.1", "Apache-2.0"), ("preact", "10", "MIT"))
"""In the console's one file that others wrote. htm's package has it, and does not name the exact version of its Preact."""
LICENCES = frozenset({"MIT", "MIT-0", "Apache-2.0", "BSD-3-Clause", "BSD-2-Clause", "ISC", "PSF-2.0", "MPL-2.0"})
"""Those that a shipped package may have: they ask for a notice, and MPL for the changes to its own files."""
_WORDS = (
    ("mit no attribution", "MIT-0"), ("mit-0", "MIT-0"), ("mozilla", "MPL-2.0"), ("mpl", "MPL-2.0"), ("apache", "Apache-2.0"),
    ("psf", "PSF-2.0"), ("python software foundation", "PSF-2.0"), ("isc", "ISC"), ("bsd-2", "BSD-2-Clause"),
    ("bsd", "BSD-3-Clause"), ("mit", "MIT"),
)  # fmt: skip
_PACKAGE = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    version: str
    licence: str
    """As SPDX calls it, or the package's own words."""
    texts: Sequence[str]
    hashes: Sequence[str]
    registry: str = "pypi"

    @property
    def purl(self) -> str:
        return f"pkg:{self.registry}/{self.name}@{self.version}"

    @property
    def page(self) -> str:
        return (
            f"https://www.npmjs.com/package/{self.name}"
            if self.registry == "npm"
            else f"https://pypi.org/project/{self.name}/{self.version}/"
        )


def shipped() -> list[Package]:
    """As they are pinned; licence and texts as installed in this venv."""
    found = []
    for block in re.split(r"\n(?=[A-Za-z0-9])", SHIPPED.read_text()):
        match = _PACKAGE.match(block)
        if match:
            installed = importlib.metadata.distribution(match[1])
            texts = _texts(installed)
            found.append(Package(match[1], match[2], _licence(installed), texts, tuple(sorted(_HASH.findall(block)))))
    return [*found, *_vendored()]


def _vendored() -> Iterator[Package]:
    digest = hashlib.sha256((VENDOR / "preact.js").read_bytes()).hexdigest()
    for name, version, licence in VENDORED:
        yield Package(name, version, licence, ((VENDORS_LICENCES / f"{name}.txt").read_text().strip(),), (digest,), "npm")


def _licence(installed: importlib.metadata.Distribution) -> str:
    about = installed.metadata
    said = about.get("License-Expression") or about.get("License") or ""
    classifiers = [line for line in about.get_all("Classifier") or () if line.startswith("License ::")]
    text = (said if said and len(said) < 100 else " ".join(classifiers)).casefold()
    return next((spdx for word, spdx in _WORDS if re.search(rf"\b{re.escape(word)}", text)), said or "unknown")


def _texts(installed: importlib.metadata.Distribution) -> tuple[str, ...]:
    names = (path for path in installed.files or () if re.match(r"(LICEN[CS]E|NOTICE|COPYING)", path.name, re.IGNORECASE))
    ours = (path for path in names if ".dist-info" in str(path))
    return tuple(Path(str(path.locate())).read_text(encoding="utf-8").strip() for path in sorted(ours, key=str))


def notices(packages: Sequence[Package]) -> str:
    parts = [
        "# Third-party notices",
        "",
        "What ships in the layer and in the console beside our own code, with licences. Made by `make notices`; do not edit.",
        "boto3 comes with the Lambda runtime.",
    ]
    for package in packages:
        parts += ["", f"## {package.name} {package.version} · {package.licence}", ""]
        parts += [f"```\n{text}\n```" for text in package.texts] or ["The package brings no text."]
    return "\n".join(parts) + "\n"


def bill_of_materials(packages: Sequence[Package]) -> dict[str, Any]:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "referral-factory-intercom", "bom-ref": "application"}},
        "components": [
            {
                "type": "library",
                "bom-ref": package.purl,
                "name": package.name,
                "version": package.version,
                "purl": package.purl,
                "licenses": [
                    {"license": {"id": package.licence} if package.licence in LICENCES else {"name": package.licence}}
                ],
                "externalReferences": [
                    {
                        "type": "distribution",
                        "url": package.page,
                        "hashes": [{"alg": "SHA-256", "content": content} for content in package.hashes],
                    }
                ],
            }
            for package in packages
        ],
    }


def main(words: Sequence[str]) -> int:
    match words:
        case ["notices"]:
            NOTICES.write_text(notices(shipped()))
        case ["sbom", str(target)]:
            Path(target).write_text(json.dumps(bill_of_materials(shipped()), indent=1) + "\n")
            sys.stdout.write(f"bill of materials: {target}\n")
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
