"""What one command has read and decided so far: what several of its parts ask for is fetched once."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

from exact.eventstore import log, many

V = TypeVar("V")
Key = tuple[object, ...]


class Notebook:
    """States by stream, rows by key, public numbers in blocks; it lives as long as one attempt to record a command."""

    def __init__(self) -> None:
        self._states: dict[UUID, Any] = {}  # Any: the state of whatever noun the stream is
        self._found: dict[Key, Any] = {}  # Any: whatever was looked for
        self._numbers: dict[str, list[int]] = {}
        self._expected: Counter[str] = Counter()

    def state(self, stream_id: UUID) -> Any:  # Any: see above
        """The state of a stream with all that was decided here before; None where there is no such stream."""
        if stream_id not in self._states:
            self._states[stream_id] = log.load(stream_id)
        return self._states[stream_id]

    def read(self, stream_ids: Iterable[UUID]) -> None:
        """Read many streams at once, before they are asked for one by one."""
        missing = set(stream_ids) - set(self._states)
        self._states |= dict.fromkeys(missing) | many.load_all(missing)

    def write(self, state: Any) -> None:  # Any: see above
        """A state that was decided here: whoever asks from now on gets this one."""
        self._states[state.id] = state

    def once(self, key: Key, find: Callable[[], V]) -> V:
        """What `find` answered the first time that this key was asked for."""
        if key not in self._found:
            self._found[key] = find()
        found: V = self._found[key]
        return found

    def forget_rows(self) -> None:
        """Rows have changed: look again."""
        self._found.clear()

    def expect(self, noun: str, count: int) -> None:
        """So many public numbers of a noun may be asked for."""
        self._expected[noun] += count

    def number(self, noun: str) -> int:
        """The next public number of a noun; the first that is asked for brings all that are expected."""
        if not self._numbers.get(noun):
            self._numbers[noun] = log.next_numbers(noun, max(self._expected.pop(noun, 0), 1))[::-1]
        return self._numbers[noun].pop()
