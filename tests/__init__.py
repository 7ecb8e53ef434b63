"""What proves the product: one sentence per test, from pure laws to real servers."""
