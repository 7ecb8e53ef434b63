"""Kinds, topics and attributes: what models ask about is what signals carry, so that conditions are met."""

from __future__ import annotations

from random import Random
from typing import Any

TOPIC_OF = {
    "email.opened": "email.opens",
    "email.clicked": "email.clicks",
    "webinar.signed_up": "webinar.signups",
}
"""The topics whose signals need not name their kind; every other kind goes to `engagements`."""

KINDS = (
    "email.opened",
    "email.clicked",
    "webinar.signed_up",
    "webinar.attended",
    "page.viewed",
    "form.submitted",
    "email.unsubscribed",
    "email.bounced",
)
UNKNOWN_KINDS = ("call.answered", "chat.started", "demo.booked_twice")
"""Kinds that no random model names."""

_TEXTS = {
    "campaign": ("fall", "Fall", "SPRING launch", "spring", "été"),
    "url": ("https://x.example/pricing", "https://X.example/docs", "http://x.example/Pricing?plan=pro", "/"),
    "plan": ("free", "Pro", "enterprise"),
    "webinar_id": ("w-1", "w-2", "w-3"),
}
_PIECES = {
    "campaign": ("SPRING", "all", "é"),
    "url": ("/pricing", "https", "EXAMPLE"),
    "plan": ("pro", "e"),
    "webinar_id": ("w-", "2"),
}
_PATTERNS = {
    "campaign": (r"^spring\b", r"l+$"),
    "url": (r"/(pricing|docs)", r"plan=\w+$"),
    "plan": (r"^(free|pro)$", "r"),
    "webinar_id": (r"w-[12]", r"\d"),
}
MESSAGES = 40
"""More than the 32 buckets that a limit remembers."""

BUCKETS = ("day", "week", "ever", "message_id", "campaign", "plan", "webinar_id", "minutes", "tags")
"""What random limits count per."""

_BLANKS: tuple[Any, ...] = (None, "", "  ")


def random_attributes(rng: Random) -> dict[str, Any]:
    """Some attributes of a signal: texts in varied case, numbers, numbers as text, true and false, blanks."""
    attributes: dict[str, Any] = {name: rng.choice(texts) for name, texts in _TEXTS.items() if rng.random() < 0.6}
    if rng.random() < 0.7:
        attributes["message_id"] = f"m-{int(MESSAGES * rng.random() ** 2)}"
    if rng.random() < 0.5:
        attributes["minutes"] = rng.choice([0, 5, 30, 42, 60, 7.5, -3, "42", True])
    if rng.random() < 0.3:
        attributes["subscribed"] = rng.choice([True, False, "true", 1])
    if rng.random() < 0.1:
        attributes["tags"] = rng.choice([["a", "b"], ["b"], {"a": 1}])
    if attributes and rng.random() < 0.15:
        attributes[rng.choice(sorted(attributes))] = rng.choice(_BLANKS)
    return attributes


def random_where(rng: Random) -> dict[str, Any]:
    """One or two conditions, each met by some signals."""
    names = rng.sample([*_TEXTS, "minutes", "subscribed", "tags"], rng.choice([1, 1, 1, 2]))
    return {name: _condition(rng, name) for name in names}


def _condition(rng: Random, name: str) -> Any:
    if name == "minutes":
        return _number_condition(rng)
    if name == "subscribed":
        return rng.choice([True, False, {"missing": False}, {"in": [True, "TRUE"]}, 1])
    if name == "tags":
        return {"missing": rng.random() < 0.5}
    tests: dict[str, Any] = {
        "in": rng.sample(_TEXTS[name], 2),
        "contains": rng.choice(_PIECES[name]),
        "starts_with": rng.choice(_TEXTS[name])[:3].upper(),
        "matches": rng.choice(_PATTERNS[name]),
        "missing": rng.random() < 0.5,
    }
    if rng.random() < 0.3:
        return rng.choice(_TEXTS[name])
    return {test: tests[test] for test in rng.sample(sorted(tests), rng.choice([1, 1, 1, 2]))}


def _number_condition(rng: Random) -> Any:
    return rng.choice(
        [
            42,
            {"min": 5},
            {"max": 41.5},
            {"min": 0, "max": 60},
            {"in": [5, "42", 7.5]},
            {"missing": True},
            {"missing": False, "min": 30},
        ]
    )
