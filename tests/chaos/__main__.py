"""`make chaos` and `make chaos-full`: see this folder's `__init__.py`."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import click

from tests.chaos.profiles import FULL, SHORT, by_name, run_profile
from tests.chaos.report import as_json, as_table, told
from tests.chaos.run import Outcome
from tests.support.servers import missing_servers

FIRST_SEED = 1
FULL_SEEDS = 3


@click.command()
@click.option("--full", is_flag=True, help="All faults, three seeds each: about an hour.")
@click.option("--only", multiple=True, help="Faults by name; several are possible.")
@click.option("--seed", default=FIRST_SEED, help="The first seed.")
@click.option("--seeds", type=int, help="How many seeds of each fault.")
@click.option("--logs", type=click.Path(path_type=Path), help="Keep the workers' logs there, by run.")
@click.option("--json", "with_json", is_flag=True, help="All figures, for programs.")
def main(
    full: bool, only: tuple[str, ...], seed: int, seeds: int | None, logs: Path | None, with_json: bool
) -> None:
    """Break things under load, and check what is left."""
    if missing := missing_servers():
        click.echo("\n".join(["Chaos needs real servers.", *missing]), err=True)
        sys.exit(3)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is away is what is wanted
    faults = by_name(only) if only else (FULL if full else SHORT)
    count = seeds or (FULL_SEEDS if full else 1)
    outcomes = asyncio.run(run_profile(faults, range(seed, seed + count), _tell, logs))
    click.echo(as_json(outcomes) if with_json else as_table(outcomes))
    sys.exit(0 if all(outcome.result == "held" for outcome in outcomes) else 1)


def _tell(outcome: Outcome) -> None:
    click.echo(told(outcome), err=True)


if __name__ == "__main__":
    main()
