"""Forms with files in them: `multipart/form-data` (RFC 7578)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autograph.blocks.sdk.fields import Json


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a form.

    Attributes:
        said: Its `filename` and `type`, where it has them.
    """

    content: bytes
    said: Mapping[str, Json]


def multipart(parts: Iterable[tuple[str, Part]]) -> tuple[str, bytes]:
    """Return the type and the body of a form; a name may come several times."""
    made: list[bytes] = []
    for name, part in parts:
        head = f'Content-Disposition: form-data; name="{_attribute(name)}"'
        if "filename" in part.said:
            head += f'; filename="{_attribute(str(part.said["filename"]))}"'
        if "type" in part.said:
            head += f"\r\nContent-Type: {_attribute(str(part.said['type']))}"
        made.append(f"{head}\r\n\r\n".encode() + part.content + b"\r\n")
    # Made of what it separates, so that nothing in there can look like it.
    boundary = hashlib.sha256(b"".join(made)).hexdigest()
    whole = b"".join(f"--{boundary}\r\n".encode() + one for one in made)
    return f"multipart/form-data; boundary={boundary}", whole + f"--{boundary}--\r\n".encode()


def _attribute(text: str) -> str:
    return text.replace("\r", "").replace("\n", "%0A").replace('"', "%22")
