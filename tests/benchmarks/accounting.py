"""What the kernel accounts to a process: CPU time, and the most memory that it ever had. Linux only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

TICKS_PER_S = os.sysconf("SC_CLK_TCK")

_UTIME, _STIME, _CHILDREN_UTIME, _CHILDREN_STIME = 11, 12, 13, 14
"""Places in /proc/PID/stat after the command's name, which may hold blanks; see proc(5)."""


class CpuTime(NamedTuple):
    """CPU seconds so far, user and system together, of a process and of those of its children that have ended."""

    own_s: float
    children_s: float

    @property
    def total_s(self) -> float:
        """Both."""
        return self.own_s + self.children_s


def cpu_time(pid: int) -> CpuTime:
    """To the hundredth of a second. Raises OSError for a process that is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = int(fields[_UTIME]) + int(fields[_STIME])
    children = int(fields[_CHILDREN_UTIME]) + int(fields[_CHILDREN_STIME])
    return CpuTime(own / TICKS_PER_S, children / TICKS_PER_S)


def peak_memory_mib(pid: int) -> float:
    """The most memory that the process ever had resident."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid} has no memory any more")
