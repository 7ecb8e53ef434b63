"""The laws of scoring, as properties: whatever comes in, in whatever order, they hold.

    profile.py            how hard they are tried: 100 examples each, 300 where CI=true
    drive.py              the product driven by the same lines that the reference takes
    edges.py              models and histories that lie on edges: lines met exactly, dips of a second, jumps
    test_law_*.py         the laws by their numbers in the contract of scoring
    test_reference_*.py   the product against the slow reference of tests/support

The path of a line here is that of the stream: JSON is decoded by `schemas`, the lead goes through its bytes
between two inputs. A failure prints a `@reproduce_failure` line; put it above the test to see it again.
"""

from tests.laws import profile

__all__ = ["profile"]
