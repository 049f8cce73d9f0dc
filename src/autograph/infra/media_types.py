"""What bytes are, told by the bytes. What their sender calls them decides among harmless kinds of text alone."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Final

HEAD: Final = 1024
"""So many first bytes decide."""
BYTES: Final = "application/octet-stream"
TEXT: Final = "text/plain"

_MAGIC: Final = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"\x00\x00\x01\x00", "image/vnd.microsoft.icon"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (257, b"ustar", "application/x-tar"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"\x00asm", "application/wasm"),
    (0, b"\x7fELF", "application/x-elf"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"wOFF", "font/woff"),
    (0, b"wOF2", "font/woff2"),
)
_RIFF: Final[Mapping[bytes, str]] = {
    b"WAVE": "audio/wav",
    b"AVI ": "video/x-msvideo",
    b"WEBP": "image/webp",
}
_BRANDS: Final[Mapping[bytes, str]] = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
_ZIPS: Final[Mapping[str, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_TEXTS: Final[Mapping[str, str]] = {
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "md": "text/markdown",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "ics": "text/calendar",
}
_MARKUP: Final = (
    (b"<!doctype html", "text/html"),
    (b"<html", "text/html"),
    (b"<head", "text/html"),
    (b"<body", "text/html"),
    (b"<script", "text/html"),
    (b"<iframe", "text/html"),
    (b"<style", "text/html"),
    (b"<title", "text/html"),
    (b"<svg", "image/svg+xml"),
)
SHOWN: Final = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/avif",
        "image/bmp",
        "audio/mpeg",
        "audio/aac",
        "audio/flac",
        "audio/ogg",
        "audio/wav",
        "audio/mp4",
        "video/webm",
        "video/mp4",
        "video/quicktime",
        TEXT,
    }
)
"""What a browser may show in a page of ours: nothing in it can act. All else is saved, not opened."""


def media_type_of(head: bytes, name: str = "", hint: str = "") -> str:
    """Return what a file is.

    Args:
        head: Its first bytes, `HEAD` of them or all.
        name: What it is called; its ending tells kinds of text, and of office files, apart.
        hint: What its sender says that it is; believed for kinds of text that the ending may name.
    """
    for offset, magic, media_type in _MAGIC:
        if head.startswith(magic, offset):
            return media_type
    if head.startswith(b"RIFF") and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if head.startswith(b"PK\x03\x04"):
        return _zip(head, ending)
    if not _is_text(head):
        return BYTES
    return _markup(head) or _TEXTS.get(ending) or _harmless(hint) or TEXT


def _zip(head: bytes, ending: str) -> str:
    if head[30:38] == b"mimetype":  # OpenDocument and EPUB say what they are in their first entry
        said = head[38 : 38 + int.from_bytes(head[18:22], "little")].decode("ascii", "replace")
        if said.startswith(("application/vnd.oasis.opendocument.", "application/epub+zip")):
            return said
    return _ZIPS.get(ending, "application/zip")


def _is_text(head: bytes) -> bool:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return True
    if any(one < 0x20 and one not in b"\t\n\r\f\x1b" for one in head):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # a letter may be cut at the end
    except UnicodeDecodeError:
        return False
    return True


def _markup(head: bytes) -> str | None:
    start = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    is_xml = start.startswith(b"<?xml")
    if is_xml or start.startswith(b"<!--"):
        for tag, media_type in _MARKUP:
            if tag in start:
                return media_type
    for tag, media_type in _MARKUP:
        if start.startswith(tag):
            return media_type
    if is_xml:
        return "application/xml"
    return "text/html" if start.startswith(b"<") and b"<script" in start else None


def _harmless(hint: str) -> str | None:
    said = hint.split(";")[0].strip().lower()
    return said if said in _TEXTS.values() else None
