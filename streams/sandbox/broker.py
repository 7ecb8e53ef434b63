"""A Kafka broker inside this process: librdkafka's mock cluster, reached by ctypes.

confluent-kafka's wheel carries librdkafka, and librdkafka carries a broker for its own tests. It speaks enough
of Kafka's protocol for producers, consumers and groups, so that the demo needs nothing installed. It is apart
because it is the one file that talks to C.

What it does not do: transactions are accepted but isolate nothing, and everything is in memory (about 5 MB or
100,000 batches for each partition, searched one after the other), so whoever uses it trims behind the readers.
"""

from __future__ import annotations

import ctypes
import importlib
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType

PRODUCER = 0
"""RD_KAFKA_PRODUCER: the mock cluster needs a client to live in, and a producer is the smaller one."""

ERROR_TEXT_BYTES = 512
"""librdkafka writes its error texts into a buffer of the caller; its own examples give it 512 bytes."""

REPLICAS = 1
"""One broker, so one copy."""

_Handle = ctypes.c_void_p

_FUNCTIONS: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "rd_kafka_conf_new": (_Handle, ()),
    "rd_kafka_conf_set": (
        ctypes.c_int,
        (_Handle, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t),
    ),
    "rd_kafka_new": (_Handle, (ctypes.c_int, _Handle, ctypes.c_char_p, ctypes.c_size_t)),
    "rd_kafka_destroy": (None, (_Handle,)),
    "rd_kafka_err2str": (ctypes.c_char_p, (ctypes.c_int,)),
    "rd_kafka_mock_cluster_new": (_Handle, (_Handle, ctypes.c_int)),
    "rd_kafka_mock_cluster_destroy": (None, (_Handle,)),
    "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, (_Handle,)),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, (_Handle, ctypes.c_int32)),
    "rd_kafka_mock_topic_create": (ctypes.c_int, (_Handle, ctypes.c_char_p, ctypes.c_int, ctypes.c_int)),
    "rd_kafka_mock_partition_delete_records": (
        ctypes.c_int,
        (_Handle, ctypes.c_char_p, ctypes.c_int32, ctypes.c_int64),
    ),
}
"""What each function returns and takes. Without it ctypes cuts pointers to 32 bits."""


class SandboxUnavailable(Exception):
    """A part of the sandbox cannot run here; the text says what to install or what librdkafka answered."""


class EmbeddedBroker:
    """A broker on a free loopback port, from entering the context to leaving it. Starts empty every time.

    A call takes microseconds as a rule, and up to a second when the broker's thread sleeps through it. So call
    it from another thread where nothing may wait; the broker is not closed under a call.
    """

    def __init__(self) -> None:
        self._library = _load_library()
        self._in_use = threading.Lock()
        self._client: int | None = None
        self._cluster: int | None = None

    def __enter__(self) -> EmbeddedBroker:
        self._client = self._new_client()
        with _without_signals():
            self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, 1)
        if self._cluster is None:
            self.close()
            raise SandboxUnavailable("the embedded broker did not start: no free loopback port?")
        # Zero instead of 3 s: there is never a second member to wait for at the start.
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def bootstrap(self) -> str:
        """`host:port`, what a client's bootstrap servers are set to."""
        text: bytes = self._library.rd_kafka_mock_cluster_bootstraps(self._running())
        return text.decode()

    def create_topics(self, names: Iterable[str], partitions: int) -> None:
        """Make these topics. Raises SandboxUnavailable when one exists already."""
        for name in names:
            with self._in_use:
                answer = self._library.rd_kafka_mock_topic_create(
                    self._running(), name.encode(), partitions, REPLICAS
                )
            self._check(answer, f"make topic {name}")

    def trim(self, topic: str, partition: int, offset: int) -> None:
        """Forget the records before `offset`, which lies at most at the end of the partition's log."""
        with self._in_use:
            answer = self._library.rd_kafka_mock_partition_delete_records(
                self._running(), topic.encode(), partition, offset
            )
        self._check(answer, f"trim {topic}/{partition} to {offset}")

    def close(self) -> None:
        """Stop. A second call does nothing."""
        with self._in_use:
            cluster, client, self._cluster, self._client = self._cluster, self._client, None, None
        if cluster is not None:
            self._library.rd_kafka_mock_cluster_destroy(cluster)
        if client is not None:
            self._library.rd_kafka_destroy(client)

    def _new_client(self) -> int:
        text = ctypes.create_string_buffer(ERROR_TEXT_BYTES)
        conf = self._library.rd_kafka_conf_new()
        # The mock cluster logs each connection to stderr, in the middle of the demo's screen.
        self._library.rd_kafka_conf_set(conf, b"log_level", b"0", text, ERROR_TEXT_BYTES)
        client: int | None = self._library.rd_kafka_new(PRODUCER, conf, text, ERROR_TEXT_BYTES)
        if client is None:
            raise SandboxUnavailable(f"the embedded broker did not start: {text.value.decode()}")
        return client

    def _running(self) -> int:
        if self._cluster is None:
            raise SandboxUnavailable("the embedded broker is not running")
        return self._cluster

    def _check(self, answer: int, attempt: str) -> None:
        if answer != 0:
            text: bytes = self._library.rd_kafka_err2str(answer)
            raise SandboxUnavailable(f"the embedded broker cannot {attempt}: {text.decode()}")


@contextmanager
def _without_signals() -> Iterator[None]:
    """What is started here is never given a signal, as a thread has the mask of the one that started it.

    The thread of a mock cluster ends at a signal, and takes the cluster with it; whoever calls it then aborts the
    process. librdkafka masks the threads of its clients in the same way, but not this one.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _load_library() -> ctypes.CDLL:
    """librdkafka, as confluent-kafka's extension module resolves it: no search for the bundled file."""
    try:
        extension = importlib.import_module("confluent_kafka.cimpl")
    except ImportError:
        raise SandboxUnavailable(
            "the embedded broker needs confluent-kafka: pip install 'leadline[sandbox]'"
        ) from None
    library = ctypes.CDLL(str(extension.__file__))
    for name, (returns, takes) in _FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise SandboxUnavailable(f"this confluent-kafka has no {name}: upgrade it") from None
        function.restype, function.argtypes = returns, takes
    return library
