"""Doubles: the ports of streams/lane in memory, for tests that need no server, and to make rare faults at will.

    store         MemoryStore: streams.store.Store, with its lanes
    memory_redis  the server under it: what is kept, its clock, lost replies, outages, older copies
    rebuilt       the lanes of a store as a rebuild has them: the scores in use and the draft beside them
    reader        streams.store.Reader
    lane          a lane without Kafka; `outputs`: what it publishes, each entry once
    world         a Kafka and a Redis in memory, scored and rebuilt
    bench         a store to test, in memory or in Redis, for the suite below

A double behaves as the real thing does because both pass one suite: `tests/connected/test_store.py`,
`test_store_contents.py` and `test_store_accept.py` run on Redis and on the double, and `test_store_alike.py` makes
the same calls to both, drawn from a seed.
"""
