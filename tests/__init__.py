"""What proves the product: one sentence per test, from pure laws to real servers."""

from tests.support.compiled import remove_stale

remove_stale()
