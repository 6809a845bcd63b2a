"""Facts to stored bytes and back: msgspec JSON, stored names, upcasters."""

from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent

from exact.domain.facts import Fact
from exact.domain.registry import FACTS
from exact.eventstore.topics import to_columns, to_topic
from exact.eventstore.upcasters import upcast

ENCODER = msgspec.json.Encoder()
DECODERS: dict[str, msgspec.json.Decoder[Any]] = {name: msgspec.json.Decoder(kind) for name, kind in FACTS.items()}


class UnknownFact(MapperDeserialisationError):
    """A stored name or a schema version that this program does not know: whoever reads must stop, not skip."""


def decode(name: str, schema: int, data: bytes) -> Fact:
    """The fact of that stored name; older schema versions are upcast, unknown or newer ones refused.

    Raises UnknownFact.
    """
    kind = FACTS.get(name)
    if kind is None or schema > kind.SCHEMA:
        raise UnknownFact(f"{name} in schema version {schema} is not known to this program")
    try:
        if schema == kind.SCHEMA:
            fact: Fact = DECODERS[name].decode(data)
            return fact
        return msgspec.convert(upcast(name, schema, kind.SCHEMA, msgspec.json.decode(data)), kind)
    except msgspec.MsgspecError as error:
        raise MapperDeserialisationError(f"{name} in schema version {schema}: {error}") from error


def topic_of(fact: Fact) -> str:
    """The library's topic of a fact."""
    return to_topic(type(fact).__name__, fact.SCHEMA)


class FactMapper(Mapper[UUID]):
    """The library's mapper contract; compressor and cipher are its own."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent:  # Any: the library's protocol; ours are Facts
        state = ENCODER.encode(domain_event)
        if self.compressor:
            state = self.compressor.compress(state)
        if self.cipher:
            state = self.cipher.encrypt(state)
        return StoredEvent(domain_event.originator_id, domain_event.originator_version, topic_of(domain_event), state)

    def to_domain_event(self, stored_event: StoredEvent) -> Any:  # Any: see above
        state = stored_event.state
        if self.cipher:
            state = self.cipher.decrypt(state)
        if self.compressor:
            state = self.compressor.decompress(state)
        return decode(*to_columns(stored_event.topic), state)
