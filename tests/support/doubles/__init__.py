"""Doubles: the ports of streams/lane in memory, for tests that need no server, and to make rare faults at will.

A double behaves as the real thing does because both pass one suite: `tests/connected/test_store.py` runs on
Redis and on `store.MemoryStore`.
"""
