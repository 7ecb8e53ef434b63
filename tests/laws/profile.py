"""How hard the properties are tried: the one place that says it.

Importing this file chooses the profile of the whole run. It replaces hypothesis' own `ci` profile, which would
try the same examples in each run.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EXAMPLES = 100
EXAMPLES_IN_CI = 300
"""Of a property that no law demands."""

LAW_EXAMPLES_IN_CI = 1_000
"""Of each law, at least."""

IN_CI = os.environ.get("CI") == "true"

settings.register_profile(
    "local",
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("ci", settings.get_profile("local"), max_examples=EXAMPLES_IN_CI)
settings.load_profile("ci" if IN_CI else "local")

law = settings(max_examples=LAW_EXAMPLES_IN_CI if IN_CI else EXAMPLES)
"""How often each law is tried."""


def times(factor: float) -> settings:
    """So many times the examples of the profile: more where they are cheap, fewer where one takes long."""
    return settings(max_examples=max(1, int(settings.default.max_examples * factor)))
