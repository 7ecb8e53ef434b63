"""`python -m tests.simulation`: runs from their seeds, or one told step by step; see this folder's docstring."""

from __future__ import annotations

import sys

import click

from tests.simulation.run import run, simulating
from tests.simulation.suite import SCHEDULES, Suite

SHOWN = 5
"""Failing runs that are told whole."""


@click.command()
@click.option("--seed", type=int, help="One run, told step by step.")
@click.option("--schedules", default=SCHEDULES, help="How many runs, from seed --first on.")
@click.option("--first", default=0, help="The first seed.")
def main(seed: int | None, schedules: int, first: int) -> None:
    """Drive the product's lanes on doubles, and check what is left."""
    with simulating():
        if seed is not None:
            outcome = run(seed)
            click.echo(f"{outcome}\n{outcome.told}")
            sys.exit(bool(outcome.problems))
        suite = Suite()
        for each in range(first, first + schedules):
            if (outcome := suite.add(run(each))).problems and len(suite.failed) <= SHOWN:
                click.echo(outcome)
    click.echo(suite)
    sys.exit(bool(suite.failed or suite.lacking))


if __name__ == "__main__":
    main()
