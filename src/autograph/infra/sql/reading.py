"""Which statements only read, and how what they read becomes JSON. PURE."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final, cast

from autograph.infra.json import Json, encode
from autograph.infra.sql.ports import SqlRefused

MAX_BYTES: Final = 16 * 1024 * 1024
"""Of all rows of an answer, as JSON."""
_SPACE: Final = re.compile(r"\s+|--[^\n]*(?:\n|$)")
_WORD: Final = re.compile(r"[A-Za-z]+")


def check_reads(text: str, allowed: Collection[str]) -> None:
    """Make sure that a statement is of a kind that only reads, by its first word.

    That it then really changes nothing is the database's business, in a transaction that only reads. Some statements
    stand outside of transactions, so they are not let through at all.

    Raises:
        SqlRefused: It is not.
    """
    word = _first_word(text)
    if word not in allowed:
        raise SqlRefused(
            f"{word or 'Nothing'} is no statement that only reads ({', '.join(sorted(allowed))}). Where it is meant, "
            "switch read_only off."
        )


def _first_word(text: str) -> str:
    at = 0
    while True:
        if space := _SPACE.match(text, at):
            at = space.end()
        elif text.startswith("/*", at):
            at = _after_comment(text, at)
        elif text.startswith("(", at):
            at += 1
        else:
            found = _WORD.match(text, at)
            return found[0].upper() if found else ""


def _after_comment(text: str, at: int) -> int:
    """Return where a comment ends; they stand in one another."""
    depth = 0
    while at < len(text):
        if text.startswith("/*", at):
            depth, at = depth + 1, at + 2
        elif text.startswith("*/", at):
            depth, at = depth - 1, at + 2
            if not depth:
                return at
        else:
            at += 1
    return at


def names_of(columns: Sequence[str]) -> list[str]:
    """Return the names of columns, each once: the second `id` is `id_2`."""
    names: list[str] = []
    for column in columns:
        name, number = column, 1
        while name in names:
            number += 1
            name = f"{column}_{number}"
        names.append(name)
    return names


class Rows:
    """Takes rows until there are enough of them."""

    def __init__(self, columns: Sequence[str], *, most: int) -> None:
        """Take at most `most`."""
        self.columns = names_of(columns)
        self.taken: list[Mapping[str, Json]] = []
        self._most = most
        self._bytes = 0

    def take(self, values: Sequence[object]) -> bool:
        """Take a row; False where it is one too many.

        Raises:
            SqlRefused: They are too large.
        """
        if len(self.taken) >= self._most:
            return False
        row = {name: as_json(one) for name, one in zip(self.columns, values, strict=True)}
        self._bytes += len(encode(row))
        if self._bytes > MAX_BYTES:
            raise SqlRefused(
                f"The rows are larger than {MAX_BYTES // 2**20} MiB. Ask for fewer columns or rows."
            )
        self.taken.append(row)
        return True


def as_json(value: object) -> Json:
    """Return a value of a database as JSON: numbers where they stay what they are, texts otherwise."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_json(one) for one in cast("Sequence[object]", value)]
    if isinstance(value, dict):
        return {str(key): as_json(one) for key, one in cast("dict[object, object]", value).items()}
    return str(value)


def _number(value: Decimal) -> Json:
    if not value.is_finite():
        return str(value)
    if value == value.to_integral_value() and abs(value) < 2**63:
        return int(value)
    near = float(value)
    return near if Decimal(repr(near)) == value else str(value)
