"""TLS is made of what the files hold when a connection begins."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
from pathlib import Path

import pytest

from streams.tls import RenewedContext, Tls
from tests.support.servers.certificates import Authority
from tests.support.servers.missing import missing_for_tls

pytestmark = pytest.mark.skipif(bool(missing_for_tls()), reason="; ".join(missing_for_tls()))


async def test_a_certificate_is_read_again_for_each_connection(tmp_path: Path) -> None:
    """Server and client change to another authority: one context speaks with both; a file that is gone is named."""
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    files = Tls(*(str(tmp_path / name) for name in ("ca.pem", "cert.pem", "key.pem")))
    context = RenewedContext(files)
    seen = []
    for authority in (ours, theirs):
        renew(files, authority, f"client-{len(seen)}")
        seen.append(await known_as(authority, context))
    assert seen == ["client-0", "client-1"]
    with pytest.raises(ssl.SSLCertVerificationError):
        await known_as(ours, context)
    os.unlink(files.key_file)
    with pytest.raises(OSError, match=r"key\.pem.*No such file"):
        await known_as(theirs, context)


def renew(files: Tls, authority: Authority, name: str) -> None:
    """Write other certificates over them."""
    client = authority.client(name)
    shutil.copy(authority.ca, files.ca_file)
    shutil.copy(client.cert, files.cert_file)
    shutil.copy(client.key, files.key_file)


async def known_as(authority: Authority, context: ssl.SSLContext) -> str:
    """The name by which a server that trusts this authority knows who connects with the context."""
    own = authority.server()
    door = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.ca)
    door.load_cert_chain(own.cert, own.key)
    door.verify_mode = ssl.CERT_REQUIRED

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        subject = writer.get_extra_info("peercert")["subject"]
        writer.write(f"{subject[0][0][1]}\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=door) as server:
        host, port = server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(host, port, ssl=context)
        name = (await reader.readline()).decode().strip()
        writer.close()
        return name
