"""What kind of e-mail address it is: by lists, without the network."""

from __future__ import annotations

import pytest

from scoring.emails import ADDRESS_MAX_CHARS, email_classes


@pytest.mark.parametrize(
    ("address", "classes"),
    [
        ("ann@acme.example.com", {"business"}),
        ("bob@gmail.com", {"free"}),
        ("BOB@GMAIL.COM", {"free"}),
        ("jo@mail.gmail.com", {"free"}),
        ("jo@notgmail.com", {"business"}),
        ("x@guerrillamail.com", {"disposable"}),
        ("x@sub.guerrillamail.com", {"disposable"}),
        ("x@mailinator.com", {"disposable", "free"}),
        ("info@acme.example.com", {"role"}),
        ("Info+spring@acme.example.com", {"role"}),
        ("information@acme.example.com", {"business"}),
        ("sales@gmail.com", {"free", "role"}),
        (" ann@acme.example.com\n", {"business"}),
        ("jürgen@müller.example.com", {"business"}),
        ("ann@acme", {"invalid"}),
        ("ann@@acme.example.com", {"invalid"}),
        ("ann", {"invalid"}),
        ("", {"invalid"}),
        ("Ann <ann@acme.example.com>", {"invalid"}),
        ("a" * ADDRESS_MAX_CHARS + "@acme.example.com", {"invalid"}),
        (42, {"invalid"}),
        (True, {"invalid"}),
    ],
)
def test_address_is_of_these_classes(address: object, classes: set[str]) -> None:
    """Parent domains count, case and outer space do not; what is no address is nothing but invalid."""
    assert email_classes(address) == classes
