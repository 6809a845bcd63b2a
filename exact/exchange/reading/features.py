"""The features of a GeoJSON file, one text after the other: never the whole file in memory, never more than split here.

Each text is decoded by msgspec, so that a bad one is told by its number and the next is read all the same; an
incremental parser would end the file at the first NaN (decision 0011).
"""

import io
import re
from collections.abc import Iterator

from exact.exchange.reading.rows import ROW_MAX_BYTES, Broken

BLOCK_BYTES = 2**20
STRING = rb'"(?:[^"\\]*(?:\\.[^"\\]*)*")?'
"""A text, or a lone quote where it goes on in the next block. Each alternative begins with a letter: faster."""
TOKENS = {
    b"{": re.compile(STRING + rb"|\{|\}", re.DOTALL),
    b"[": re.compile(STRING + rb"|\[|\]", re.DOTALL),
    b'"': re.compile(STRING, re.DOTALL),
}
"""What matters to the end of a value that begins so."""
QUOTE = ord('"')
STEP = {ord("{"): 1, ord("["): 1, ord("}"): -1, ord("]"): -1, QUOTE: 0}
SPACE = re.compile(rb"[ \t\r\n\x1e]*")
PLAIN = re.compile(rb"[^\s,\]}]*")
FEATURES = b'"features"'


class Features:
    """Reads a collection, a bare array, or features one after the other (RFC 8142)."""

    def __init__(self, reader: io.BufferedReader) -> None:
        self.reader = reader
        self.buffer, self.at, self.before = b"", 0, 0

    def __iter__(self) -> Iterator[bytes]:
        while char := self.next():
            if char == b"[":
                yield from self.elements()
            elif char == b"{":
                yield from self.document()
            else:
                raise self.broken("Here a feature should begin")

    def elements(self) -> Iterator[bytes]:
        """The texts in an array; after a comma that nothing follows an empty one."""
        self.take(b"[")
        if self.next() == b"]":
            self.take(b"]")
            return
        while True:
            yield self.value()
            if self.next() == b"]":
                break
            self.take(b",")
            if self.next() == b"]":
                yield b""
                break
        self.take(b"]")

    def document(self) -> Iterator[bytes]:
        """What an object holds when it is a collection; else the object itself."""
        self.take(b"{")
        members: list[bytes] | None = []
        while self.next() != b"}":
            key = self.value()
            self.take(b":")
            if key == FEATURES and self.next() == b"[":
                members = None
                yield from self.elements()
            else:
                value = self.value()
                if members is not None:
                    members.append(key + b":" + value)
            if self.next() != b"}":
                self.take(b",")
        self.take(b"}")
        if members is not None:
            yield b"{" + b",".join(members) + b"}"

    def value(self) -> bytes:
        """The text of the value that comes next."""
        begin = self.next()
        end = self._end(TOKENS[begin]) if begin in TOKENS else self._end_of_plain()
        text = self.buffer[self.at : end]
        self.at = end
        return text

    def next(self) -> bytes:
        """The next byte that is no white space; empty at the end of the file."""
        while True:
            found = SPACE.match(self.buffer, self.at)
            assert found is not None, "nothing is also white space"
            self.at = found.end()
            if self.at < len(self.buffer):
                return self.buffer[self.at : self.at + 1]
            if not self._more():
                return b""

    def take(self, wanted: bytes) -> None:
        """Pass over what must come next."""
        found = self.next()
        if found != wanted:
            if not found:
                raise self.cut_off()
            raise self.broken(f"Here “{wanted.decode()}” is expected, not “{found.decode('latin-1')}”")
        self.at += 1

    def _end(self, token: re.Pattern[bytes]) -> int:
        """Where the object, array or text ends that begins here."""
        depth, scanned = 0, self.at
        while True:
            buffer = self.buffer
            for found in token.finditer(buffer, scanned):
                start, scanned = found.span()
                char = buffer[start]
                if char == QUOTE and scanned - start == 1:
                    scanned = start
                    break
                depth += STEP[char]
                if not depth:
                    return scanned
            else:
                scanned = len(buffer)
            dropped = self.at
            if not self._more():
                raise self.cut_off()
            scanned -= dropped

    def _end_of_plain(self) -> int:
        while True:
            found = PLAIN.match(self.buffer, self.at)
            assert found is not None, "nothing is also a match"
            if found.end() < len(self.buffer) or not self._more():
                if found.end() == found.start():
                    raise self.cut_off() if self.at == len(self.buffer) else self.broken("Here a value is expected")
                return found.end()

    def _more(self) -> bool:
        """One block more, behind what is not read yet; False at the end of the file."""
        kept = self.buffer[self.at :]
        if len(kept) > ROW_MAX_BYTES:
            raise self.broken(f"One feature is larger than {ROW_MAX_BYTES // 2**20} MiB")
        block = self.reader.read(BLOCK_BYTES)
        if block:
            self.before += self.at
            self.buffer, self.at = kept + block, 0
        return bool(block)

    def broken(self, what: str) -> Broken:
        """No further, with the place in the file."""
        return Broken(f"{what} (byte {self.before + self.at} of the file).", byte=self.before + self.at)

    def cut_off(self) -> Broken:
        """The file ends too early."""
        return Broken("The file ends in the middle; send it again.", byte=self.before + len(self.buffer))
