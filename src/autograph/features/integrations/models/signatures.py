"""Whether a request comes from whom it says: pure, and as slow for a wrong proof as for a right one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from autograph.blocks.packs.webhooks import Signature
from autograph.features.integrations.models.webhooks import Arrival


def why_unproved(signature: Signature, secret: str, arrival: Arrival, now: datetime) -> str | None:
    """Return why a request does not prove who sent it; None when it does. Nothing secret is in the answer."""
    if signature.scheme == "none":
        return None
    header = arrival.headers.get(signature.header.lower(), "")
    if not header:
        return f"The header {signature.header} is missing."
    if signature.scheme == "token":
        given = header.removeprefix(signature.prefix)
        is_right = hmac.compare_digest(given.encode(), secret.encode())
        return None if is_right else f"What {signature.header} holds is not the secret."
    pairs: Mapping[str, Sequence[str]] = _pairs(header) if signature.pair else {}
    moment = ""
    if signature.timestamp or signature.timestamp_pair:
        moment = (
            arrival.headers.get(signature.timestamp.lower(), "")
            if signature.timestamp
            else "".join(pairs.get(signature.timestamp_pair, ())[:1])
        )
        stale = _why_stale(moment, signature.tolerance, now)
        if stale is not None:
            return stale
    candidates: Sequence[str] = (
        pairs.get(signature.pair, ()) if signature.pair else header.split(" ")
    )
    expected = _expected(signature, secret, arrival, moment)
    given = [
        one.removeprefix(signature.prefix) for one in candidates if one.startswith(signature.prefix)
    ]
    # Every candidate is looked at: which of them is right takes no other time than that none is.
    right = [
        hmac.compare_digest(_normal(one, signature).encode(), expected.encode()) for one in given
    ]
    return (
        None
        if any(right)
        else f"What {signature.header} holds does not sign this body with the secret."
    )


def sign(signature: Signature, secret: str, arrival: Arrival, moment: str) -> str:
    """Return the header by which a request proves who sent it."""
    made = signature.prefix + _expected(signature, secret, arrival, moment)
    if signature.scheme == "token":
        return signature.prefix + secret
    if signature.pair:
        return f"{signature.timestamp_pair}={moment},{signature.pair}={made}"
    return made


def _expected(signature: Signature, secret: str, arrival: Arrival, moment: str) -> str:
    key = secret.encode()
    if signature.secret == "base64":
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            key = secret.encode()
    digest = hmac.new(
        key, _signed(signature, arrival, moment), getattr(hashlib, signature.algorithm)
    )
    return (
        base64.b64encode(digest.digest()).decode()
        if signature.encoding == "base64"
        else digest.hexdigest()
    )


def _signed(signature: Signature, arrival: Arrival, moment: str) -> bytes:
    before, _, after = signature.signed.partition("{body}")
    return _named(before, arrival, moment) + arrival.body + _named(after, arrival, moment)


def _named(text: str, arrival: Arrival, moment: str) -> bytes:
    text = text.replace("{timestamp}", moment)
    while "{header." in text:
        start = text.index("{header.")
        end = text.find("}", start)
        if end < 0:
            break
        name = text[start + len("{header.") : end].lower()
        text = text[:start] + arrival.headers.get(name, "") + text[end + 1 :]
    return text.encode("utf-8", "surrogatepass")


def _normal(given: str, signature: Signature) -> str:
    return given.lower() if signature.encoding == "hex" else given


def _pairs(header: str) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for one in header.split(","):
        name, _, value = one.strip().partition("=")
        found.setdefault(name, []).append(value)
    return found


def _why_stale(moment: str, tolerance: int, now: datetime) -> str | None:
    if not moment.isascii() or not moment.isdigit() or len(moment) > 12:
        return "It does not say when it was sent."
    if abs(now.timestamp() - int(moment)) > tolerance:
        return f"It was sent more than {tolerance} s ago, or by a clock that is wrong."
    return None
