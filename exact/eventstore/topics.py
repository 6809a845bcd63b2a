"""Stored names: the library's topic `Name@2` is our type `Name` in schema version 2; plain `Name` is version 1."""


def to_columns(topic: str) -> tuple[str, int]:
    """`Name@2` as ("Name", 2)."""
    name, _, schema = topic.partition("@")
    return name, int(schema or 1)


def to_topic(name: str, schema: int) -> str:
    """("Name", 2) as `Name@2`."""
    return name if schema == 1 else f"{name}@{schema}"
