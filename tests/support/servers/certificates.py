"""Certificates of one test run, made by openssl in some milliseconds, thrown away with their folder."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

DAYS = "2"

CONFIG = "[req]\ndistinguished_name = name\n[name]\n"
"""openssl's own would add extensions of its own choice."""


class Certificate(NamedTuple):
    """The files of a certificate and of its key, PEM."""

    cert: Path
    key: Path


class Authority:
    """Signs certificates; `ca` is what trusts them."""

    def __init__(self, directory: Path, name: str = "authority") -> None:
        self._directory = directory
        directory.mkdir(exist_ok=True)
        (directory / "openssl.cnf").write_text(CONFIG)
        self._own = Certificate(directory / f"{name}.pem", directory / f"{name}.key")
        self._request(self._own, name, "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign")

    @property
    def ca(self) -> Path:
        """The certificate of the authority itself."""
        return self._own.cert

    def server(self) -> Certificate:
        """For a server on this machine."""
        return self._signed("server", "subjectAltName=IP:127.0.0.1,DNS:localhost")

    def client(self, name: str) -> Certificate:
        """For a client whom the server then knows as `CN=name`."""
        return self._signed(name, "extendedKeyUsage=clientAuth")

    def _signed(self, name: str, *extensions: str) -> Certificate:
        made = Certificate(self._directory / f"{name}.pem", self._directory / f"{name}.key")
        signer = ("-CA", str(self._own.cert), "-CAkey", str(self._own.key))
        self._request(made, name, "basicConstraints=CA:FALSE", *extensions, signer=signer)
        return made

    def _request(self, made: Certificate, name: str, *extensions: str, signer: tuple[str, ...] = ()) -> None:
        subprocess.run(
            [
                "openssl", "req", "-x509", "-config", str(self._directory / "openssl.cnf"), *signer,
                "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
                "-subj", f"/CN={name}", "-days", DAYS, "-keyout", str(made.key), "-out", str(made.cert),
                *(word for extension in extensions for word in ("-addext", extension)),
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip
