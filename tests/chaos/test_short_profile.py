"""The short profile of `make chaos`, in CI: each fault bites once, and nothing is lost or said twice."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.chaos.faults import Fault
from tests.chaos.profiles import SHORT
from tests.chaos.report import told
from tests.chaos.run import Result, run_fault
from tests.chaos.servers import Servers, servers

SEED = 1

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.chaos,
    pytest.mark.real_kafka,
    pytest.mark.timeout(660),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Servers]:
    """Servers of their own: faults stop them."""
    level = logging.getLogger("aiokafka").level
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that is away is what is wanted
    async with servers(1) as started:
        yield started
    logging.getLogger("aiokafka").setLevel(level)


@pytest.mark.parametrize("fault", SHORT, ids=lambda fault: fault.name)
async def test_a_fault_loses_and_repeats_nothing(
    fault: type[Fault], shared: Servers, tmp_path: Path, record_property: pytest.RecordProperty
) -> None:
    """It has bitten, and what it has left is right."""
    outcome = await run_fault(fault, shared, SEED, tmp_path)
    assert outcome.result is Result.HELD, told(outcome)
    record_property(f"chaos: {fault.name}", told(outcome).partition(": ")[2])
