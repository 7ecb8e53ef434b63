"""Which Redis, how it is reached, and who we are there: what a connection is made of.

TLS is in the address (`rediss://`), the certificates are settings of their own and read for each connection; so is
the file of the address, if it came from one: of that, user and password may change while a process runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from ssl import SSLContext
from typing import Any

from redis.asyncio.connection import SSLConnection, parse_url
from redis.credentials import CredentialProvider

from streams.lane.ports import StoreRefused, StoreUnavailable
from streams.settings import Settings
from streams.tls import Tls, is_loopback


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """A Redis. `url` reads its URL as it is now, with user and password; it is a secret.

    `node`: the host and port of another node of its cluster; all else is as the URL says.
    """

    url: Callable[[], str]
    tls: Tls = Tls()  # noqa: RUF009 - it does not change
    insecure: bool = False
    node: tuple[str, int] | None = None

    @classmethod
    def of(cls, given: Settings) -> RedisAddress:
        """The one that these settings name."""
        tls = Tls(given.redis_ca_file, given.redis_cert_file, given.redis_key_file)
        return cls(lambda: given.present("redis"), tls, given.insecure)

    def at(self, host: str, port: int) -> RedisAddress:
        """A node of its cluster: the same user, password and certificates, checked in the same way."""
        return replace(self, node=(host, port))

    def connection_options(self) -> dict[str, Any]:
        """The arguments of redis-py's pool. Raises StoreRefused; StoreUnavailable for a file that is not there."""
        try:
            return self._options(_parsed(self.url(), self.node))
        except OSError as error:
            raise StoreUnavailable(f"Redis cannot be reached: {error}") from error

    def _options(self, options: dict[str, Any]) -> dict[str, Any]:
        _refuse_own_tls(options)
        for credential in ("username", "password"):
            options.pop(credential, None)
        options["credential_provider"] = _Credentials(self.url)
        if options.get("connection_class") is SSLConnection:
            self.tls.context()  # What is wrong with the files is told now, and not by each connection.
            options |= {"connection_class": _RenewedConnection, "tls": self.tls}
        elif not self.insecure:
            _refuse_networks(options)
        return options


Redis = RedisAddress | str
"""A Redis; or merely its URL, which then does not change."""


def address_of(redis: Redis) -> RedisAddress:
    """An address, whichever way it was given."""
    return RedisAddress(lambda: redis) if isinstance(redis, str) else redis


def _parsed(url: str, node: tuple[str, int] | None = None) -> dict[str, Any]:
    try:
        options = dict(parse_url(url))
    except ValueError:
        # Its text may quote part of a password that holds an unescaped sign; so neither text nor cause.
        raise StoreRefused(
            "LEADLINE_REDIS is no Redis URL: write redis://user:password@host:port/0 "
            "(rediss:// for TLS), with %40 for an @ inside the password"
        ) from None
    if node is None:
        return options
    if options.pop("path", None) is not None:
        del options["connection_class"]  # the one for the socket of a file
    return {**options, "host": node[0], "port": node[1]}


def _refuse_own_tls(options: dict[str, Any]) -> None:
    """redis-py would take all of its options from the URL, also those that switch every check off."""
    if any(name.startswith("ssl_") for name in options):
        raise StoreRefused(
            "LEADLINE_REDIS has ssl_ options behind its ?: give certificates by LEADLINE_REDIS_CA_FILE, "
            "LEADLINE_REDIS_CERT_FILE and LEADLINE_REDIS_KEY_FILE; the certificate of a rediss:// Redis is "
            "always checked"
        )


def _refuse_networks(options: dict[str, Any]) -> None:
    host = str(options.get("host", "localhost"))
    if "path" not in options and not is_loopback(host):
        raise StoreRefused(
            f"Redis at {host} would be spoken to in plain text: write rediss:// in LEADLINE_REDIS, and set "
            "LEADLINE_REDIS_CA_FILE if its certificate is signed by an authority of your own; or accept with "
            "LEADLINE_INSECURE=true that whoever is on the way reads passwords and events"
        )


class _Credentials(CredentialProvider):
    """User and password of the URL as it is now; redis-py asks at each connection."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """(user, password) or (password,). Raises OSError, StoreRefused."""
        options = _parsed(self._url())
        return tuple(
            options[name] for name in ("username", "password") if name in options
        )  # none of both: nothing is sent

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """The same."""
        return self.get_credentials()


class _RenewedConnection(SSLConnection):
    """A TLS connection whose context is made of the files' present content."""

    def __init__(self, tls: Tls, **options: Any) -> None:
        super().__init__(**options)
        self.ssl_context = _Contexts(tls)  # type: ignore[assignment] # `get` is all that is asked of it


class _Contexts:
    """In the place of redis-py's own, which reads the files once."""

    def __init__(self, tls: Tls) -> None:
        self._tls = tls

    def get(self) -> SSLContext:
        """A context for one connection. Raises OSError."""
        return self._tls.context()
