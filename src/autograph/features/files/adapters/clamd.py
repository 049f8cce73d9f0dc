"""ClamAV's daemon, asked by its own protocol: INSTREAM over its socket, pieces behind their lengths."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from autograph.features.files.errors import FileInfected, ScannerUnavailable
from autograph.infra.errors import Invalid

_SECONDS: Final = 60
_CONNECT_SECONDS: Final = 5
_LATER: Final = timedelta(seconds=10)


class ClamdScanner:
    """Implements `Scanner`."""

    def __init__(self, address: str) -> None:
        """Ask the daemon at `unix:///path/of/its/socket` or `tcp://host:port`.

        Raises:
            Invalid: The address is none of these.
        """
        parts = urlsplit(address)
        is_unix = parts.scheme == "unix" and parts.path
        if not is_unix and not (parts.scheme == "tcp" and parts.hostname and parts.port):
            raise Invalid(
                f"ClamAV is at unix:///run/clamav/clamd.ctl or tcp://host:3310, not at {address!r} "
                "(setting: AUTOGRAPH_CLAMD)."
            )
        self._path = parts.path if is_unix else None
        self._host = parts.hostname or ""
        self._port = parts.port if not is_unix else None

    @asynccontextmanager
    async def scan(self) -> AsyncGenerator[_Scan]:
        """Begin to look into a file.

        Raises:
            ScannerUnavailable: The daemon does not answer.
        """
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = (
                    await asyncio.open_unix_connection(self._path)
                    if self._path
                    else await asyncio.open_connection(self._host, self._port)
                )
        except (OSError, TimeoutError) as error:
            raise ScannerUnavailable(
                _unavailable(str(error) or "no answer"), retry_after=_LATER
            ) from error
        try:
            writer.write(b"zINSTREAM\0")
            yield _Scan(reader, writer)
        finally:
            writer.close()


class _Scan:
    """Implements `Scan`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def feed(self, piece: bytes) -> None:
        """Show the next piece.

        Raises:
            ScannerUnavailable: The daemon has hung up, or its limit on sizes is smaller than the file.
            FileInfected: It has seen enough.
        """
        if not piece:
            return
        try:
            async with asyncio.timeout(_SECONDS):
                self._writer.write(struct.pack("!I", len(piece)) + piece)
                await self._writer.drain()
        except (OSError, TimeoutError):
            # It says why before it hangs up.
            await self._verdict()

    async def finish(self) -> None:
        """Return when all was looked at and nothing found.

        Raises:
            FileInfected: Something was found.
            ScannerUnavailable: The daemon does not say.
        """
        try:
            self._writer.write(struct.pack("!I", 0))
            await self._writer.drain()
        except OSError:
            pass  # the verdict says why
        await self._verdict(may_be_clean=True)

    async def _verdict(self, *, may_be_clean: bool = False) -> None:
        try:
            async with asyncio.timeout(_SECONDS):
                answer = (await self._reader.read(4_096)).rstrip(b"\0\n").decode("utf-8", "replace")
        except (OSError, TimeoutError) as error:
            raise ScannerUnavailable(
                _unavailable(str(error) or "no verdict"), retry_after=_LATER
            ) from error
        if answer.endswith(" FOUND"):
            name = answer.removeprefix("stream: ").removesuffix(" FOUND")[:100]
            raise FileInfected(
                f"ClamAV has found {name} in the file, so it was not kept.", signature=name
            )
        if "size limit exceeded" in answer:
            raise ScannerUnavailable(
                _unavailable(
                    "the file is larger than its StreamMaxLength, which should be no less than AUTOGRAPH_MAX_FILE_BYTES"
                )
            )
        if not (may_be_clean and answer == "stream: OK"):
            raise ScannerUnavailable(_unavailable(answer[:200] or "it hung up"), retry_after=_LATER)


def _unavailable(why: str) -> str:
    return (
        f"Files are looked into by ClamAV (setting: AUTOGRAPH_CLAMD), which does not do so now: {why}. Without it "
        "none is taken."
    )
