"""Which encoding a text file is in, found out by walking over its bytes once."""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass
from pathlib import Path

from perfkit.book import names
from perfkit.book.unread import Place, Unread

__all__ = ["CHUNK", "SHOWN", "Walked", "encoding_of", "opened", "refuse_broken", "walk"]

CHUNK = 1 << 20
SHOWN = 5
# What a clean file of ours is made of; other signs make it worth a second look.
PLAIN = (
    bytes(range(0x30, 0x3A)) + bytes(range(0x41, 0x5B)) + bytes(range(0x61, 0x7B)) + b"_,.-/@\r\n"
)
BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
# Signs that no office text holds: what is left when bytes were read with the wrong table.
BROKEN = "[\x80-\x9f]|[\u00a1-\u00ff]{4,}"
LEAST_COMMON = 0.1
TWICE = 1000  # lines with signs beyond ASCII that are tried for a double encoding


@dataclass(slots=True)
class Walked:
    """What one walk over the bytes of a file tells."""

    start: bytes = b""
    size: int = 0
    nul: int = 0
    ascii: bool = True
    plain: bool = True
    cr: int = 0
    lf: int = 0
    crlf: int = 0

    @property
    def ends(self) -> str:
        """How lines end: LF, CRLF, CR or mixed."""
        if not self.cr:
            return "LF"
        if self.cr == self.lf == self.crlf:
            return "CRLF"
        return "CR" if not self.lf else "mixed"


def walk(path: Path) -> Walked:
    """Walk over a file's bytes once."""
    out, last = Walked(), b""
    with path.open("rb") as stream:
        for chunk in iter(lambda: stream.read(CHUNK), b""):
            if not out.size:
                out.start = chunk
            out.size += len(chunk)
            begins = b"\n," in chunk or (last == b"\n" and chunk[:1] == b",")
            out.plain = out.plain and not begins and not chunk.translate(None, PLAIN)
            if not out.plain:
                out.nul += chunk.count(0)
                out.ascii = out.ascii and chunk.isascii()
            if returns := chunk.count(b"\r"):
                out.cr += returns
                out.crlf += chunk.count(b"\r\n")
            out.crlf += last == b"\r" and chunk[:1] == b"\n"
            out.lf += chunk.count(b"\n")
            last = chunk[-1:]
    return out


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as stream:
        try:
            for chunk in iter(lambda: stream.read(CHUNK), b""):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _common(start: bytes, encoding: str) -> float:
    """Tell which share of the Chinese signs are among the commonest of business tables."""
    text = start.decode(encoding, errors="ignore")
    beyond = [sign for sign in text if "\u3400" <= sign <= "\ufaff"]
    common = set(names.mark("common"))
    return sum(sign in common for sign in beyond) / max(len(beyond), 1)


def _undecodable(path: Path) -> Unread:
    """Name the lines that are no UTF-8."""
    bad: list[Place] = []
    count = 0
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                count += 1
                if len(bad) < SHOWN:
                    bad.append((number, line.rstrip().decode("utf-8", "replace")[:60]))
    return Unread("undecodable", bad, count)


def encoding_of(path: Path, walked: Walked, told: str) -> tuple[str, bool]:
    """Find the encoding, and whether a byte order mark says so.

    Parameters
    ----------
    path : Path
        The file.
    walked : Walked
        What its bytes tell.
    told : str
        The encoding book.toml says; empty to find it out.

    Returns
    -------
    str, bool

    Raises
    ------
    Unread
        It is no text, or its encoding cannot be told.
    """
    for bom, encoding in BOMS.items():
        if walked.start.startswith(bom):
            return encoding, True
    if told and told != "utf-16":
        if not _decodes(path, told):
            raise Unread("wrong_encoding", encoding=told)
        return told, False
    if walked.nul:
        sides = [walked.start[1::2].count(0), walked.start[0::2].count(0)]
        best = "utf-16-le" if sides[0] > sides[1] else "utf-16-be"
        if max(sides) * 5 > len(walked.start) and _decodes(path, best):
            return best, False
        raise Unread("no_text")
    if walked.ascii or _decodes(path, "utf-8"):
        return "utf-8", False
    scores = {e: _common(walked.start, e) for e in ("gb18030", "big5") if _decodes(path, e)}
    likely = [e for e, score in scores.items() if score >= LEAST_COMMON]
    if len(likely) == 1 or (likely and max(scores.values()) >= 2 * min(scores.values())):
        return max(likely, key=lambda e: scores[e]), False
    if scores:
        raise Unread("unsure_encoding", encodings=", ".join(scores))
    raise _undecodable(path)


def opened(path: Path, encoding: str, newline: str | None = "") -> io.TextIOWrapper:
    """Open a text file behind its byte order mark."""
    stream = path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline=newline)
    if encoding.startswith("utf-16-") and stream.read(1) != "\ufeff":
        stream.seek(0)
    return stream


def refuse_broken(path: Path, encoding: str) -> None:
    """Refuse text that was saved in a wrong encoding, and lost.

    Raises
    ------
    Unread
        It holds such text; the first lines are named.
    """
    lost = "|".join(map(re.escape, names.mark("broken")))
    broken = re.compile(f"{BROKEN}|{lost}")
    bad: list[Place] = []
    count = beyond = 0
    with opened(path, encoding) as stream:
        for number, line in enumerate(stream, 1):
            if line.isascii():
                continue
            beyond += 1
            if broken.search(line) or (beyond <= TWICE and _twice(line)):
                count += 1
                if len(bad) < SHOWN:
                    bad.append((number, line.strip()[:60]))
    if bad:
        raise Unread("mojibake", bad, count)


def _twice(line: str) -> bool:
    """Tell UTF-8 that was read as GB18030: written back it is UTF-8 again."""
    for run in re.findall(r"[^\x00-\x7f]{3,}", line):
        try:
            back = run.encode("gb18030").decode("utf-8")
        except UnicodeError:
            continue
        if any("\u4e00" <= sign <= "\u9fff" for sign in back):
            return True
    return False
