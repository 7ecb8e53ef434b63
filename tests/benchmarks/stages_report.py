"""A profile of the pure stages as a table for people, and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from tests.benchmarks.report import Row, table
from tests.benchmarks.stages import MEANINGS, STAGES, Profile


def profile_json(profile: Profile) -> str:
    """All figures of a profile."""
    return json.dumps(
        {
            "workload": asdict(profile.workload),
            "whole_us": profile.best,
            "second_half_us": profile.second_half,
            "facts": profile.facts,
        },
        indent=2,
    )


def profile_table(profile: Profile) -> str:
    """The same for people."""
    path = [stage for stage in STAGES if stage != "read back"]
    rows: list[Row] = [
        (f"{stage}: {MEANINGS[stage]}", (f"{profile.best[stage]:.2f}", f"{profile.second_half[stage]:.2f}"))
        for stage in STAGES
    ]
    totals = [sum(figures[stage] for stage in path) for figures in (profile.best, profile.second_half)]
    rows.append(("all but read back", [f"{total:.2f}" for total in totals]))
    facts = ", ".join(f"{name} {value:,.4g}" for name, value in profile.facts.items())
    head = ("CPU µs per event, without servers", ("whole", "second half"))
    return "\n".join([*table([head, *rows], width=92, columns=(13, 13)), "", facts])
