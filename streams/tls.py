"""TLS to Kafka and to Redis, and when neither needs it. The certificates are files, and files are renewed.

Each connection begins with what the files hold at that moment: a certificate that was renewed, an authority that
was added or taken away count from the next connection on, without a restart. Connections that stand stay as they
are; Kafka and Redis do not look at a certificate twice either.

Nothing here knows Kafka or Redis: a context of this file is what both drivers ask for.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tls:
    """Paths of PEM files; an empty one is none.

    `ca_file`: who may have signed the server's certificate; without it, whom this system trusts.
    `cert_file`, `key_file`: our own certificate, where the server wants one; its key, if it is in another file.
    """

    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 or newer, with the server's name checked. Raises OSError, whose text names a file."""
        with _naming(self.ca_file):
            context = ssl.create_default_context(cafile=self.ca_file or None)
        if self.cert_file:
            key_file = self.key_file or self.cert_file
            with _naming(f"{self.cert_file} with the key of {key_file}"):
                context.load_cert_chain(self.cert_file, key_file, password=_no_passphrase)
        return context


class RenewedContext(ssl.SSLContext):
    """A context that reads its files again for each connection."""

    def __new__(cls, tls: Tls) -> RenewedContext:
        context = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        context.tls = tls
        return context

    tls: Tls

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """As asyncio begins a connection. Raises OSError."""
        return self.tls.context().wrap_bio(*args, **kwargs)


def is_loopback(host: str) -> bool:
    """Whether what is sent there stays on this machine. A name is not looked up: it may mean another one later."""
    bare = host.strip("[]")
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return bare.lower().rstrip(".") == "localhost"


@contextmanager
def _naming(files: str) -> Iterator[None]:
    """OpenSSL tells what is wrong, and not where."""
    try:
        yield
    except OSError as error:
        raise OSError(f"{files}: {error.strerror or error}") from error


def _no_passphrase() -> str:
    """Without this, OpenSSL would ask for one on the terminal."""
    raise OSError("the key has a passphrase: store it without one, readable by leadline alone")
