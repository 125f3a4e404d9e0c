"""The Referral Factory stand-in as a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request


def test_it_serves_until_it_is_told_to_end() -> None:
    command = [sys.executable, "-m", "sandbox.vendors.referral_factory", "--port", "0", "--webhook-secret", "s3cret"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"pages (http://127\.0\.0\.1:\d+)/", process.stdout.readline())
            assert found
            with urllib.request.urlopen(f"{found[1]}/friends", timeout=10) as page:
                assert b"Friends of ours" in page.read()
            with urllib.request.urlopen(f"{found[1]}/__admin/settings", timeout=10) as settings:
                assert found[1].encode() in settings.read()
        finally:
            process.terminate()
        assert process.wait(timeout=10) == 0
