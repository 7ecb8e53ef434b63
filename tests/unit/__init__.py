"""One part at a time, without servers: each file tests the part that its name says.

`test_scoring_*` and `test_document` are about what a score is made of, `test_schemas_*` about the words on the
wire. What must hold for whatever comes in is in tests/laws.
"""

from tests.laws import profile

__all__ = ["profile"]
