"""Known holes of the locked dependencies, by pip-audit: `python -m tests.support.audit PIP_AUDIT REQUIREMENTS`.

pip-audit itself ends well when it could look up nothing. Here the exit code is 0 only if every dependency was
looked up and none has a known hole, 1 for a hole, and 3 where the database could not be reached.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

FOUND, UNREACHABLE = 1, 3

TIMEOUT_S = 300


def main(pip_audit: str, requirements: str) -> int:
    """Look up, tell, and return the exit code."""
    words = (pip_audit, "--format", "json", "--require-hashes", "--disable-pip", "--requirement", requirements)
    done = subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    lines, code = judged(done.stdout, done.stderr)
    sys.stdout.write("\n".join([*lines, ""]))
    return code


def judged(report: str, errors: str) -> tuple[list[str], int]:
    """What to say of a report of pip-audit, and the exit code."""
    try:
        dependencies: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except ValueError:
        last = errors.strip().splitlines()[-1:] or ["no reason was told"]
        return [f"audit: nothing was looked up: the database cannot be reached from here ({last[0]})"], UNREACHABLE
    holes = [
        f"{each['name']} {each['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'none'}"
        for each in dependencies
        for hole in each.get("vulns", ())
    ]
    unknown = [each["name"] for each in dependencies if "skip_reason" in each]
    lines = [
        *holes,
        f"audit: {len(dependencies) - len(unknown)} of {len(dependencies)} looked up, {len(holes)} holes",
    ]
    if unknown:
        lines.append(f"audit: the database could not be reached, or does not know: {', '.join(unknown)}")
    return lines, FOUND if holes else UNREACHABLE if unknown else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
