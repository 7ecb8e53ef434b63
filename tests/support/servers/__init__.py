"""The servers that the tests run on: a real Kafka and a real Redis on free loopback ports.

    with KafkaServer() as kafka, RedisServer() as redis:
        kafka.bootstrap     # "127.0.0.1:21345", for LEADLINE_KAFKA
        redis.url           # "redis://127.0.0.1:21399/0", for LEADLINE_REDIS

Both have the same five verbs, all of which block until they are true:

    start()     format or make what is missing, start, return once the server answers
    stop()      SIGTERM, then SIGKILL if it lingers; what was stored stays
    kill()      SIGKILL; what was stored stays
    restart()   stop() if it runs, then start(): same address, same files
    close()     kill() and remove the files (leaving the `with` block does it)

and `pid`, `running`, `directory` (its files), `log` (what it printed); `suspend()` and `resume()` are SIGSTOP
and SIGCONT.
`KafkaServer(settings={...})` adds lines to server.properties, `jvm=THOROUGH_JVM` is for measuring;
`RedisServer("--maxmemory", "64mb")` adds arguments. In a coroutine call the verbs by `asyncio.to_thread`.

`missing_servers()` says what this machine lacks for them, each with the way to get it. `Program` is the
child process under both, and serves for workers too: its `wait_until`, `terminate` and `kill` have bounds,
as has `until(condition, timeout_s=..., what=...)`.
Whatever was started through it ends with the test run, even if the run is killed: see keeper.py.

In tests use the fixtures of conftest.py; make a server of your own only for a test that kills it:

    kafka           session   the address of the broker, without any topics of its own
    redis_server    session   the RedisServer
    redis_url       test      its address, with no key in it
    redis_cluster   session   a RedisCluster of three primaries
    cluster_url     test      the address of its first node, with no key in any
    prefix          test      a fresh name for Redis keys, consumer group, transactions
    fresh_topics    test      `bootstrap = await fresh_topics(6)`: all topics of schemas/topics.py, new and empty

A test that uses them is marked `connected` by itself. Mark it `real_kafka` if an embedded broker cannot show it
(transactions, a KafkaServer of its own): without Java it is then listed at the end of the report.
"""

from tests.support.servers.kafka import FAST_JVM, THOROUGH_JVM, KafkaServer
from tests.support.servers.missing import missing_servers
from tests.support.servers.process import Program, ServerFailed, free_port, until
from tests.support.servers.redis import RedisServer
from tests.support.servers.redis_cluster import RedisCluster

__all__ = [
    "FAST_JVM",
    "THOROUGH_JVM",
    "KafkaServer",
    "Program",
    "RedisCluster",
    "RedisServer",
    "ServerFailed",
    "free_port",
    "missing_servers",
    "until",
]
