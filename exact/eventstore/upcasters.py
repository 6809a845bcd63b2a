"""Old shapes of facts, made new while reading: a stored row is never rewritten."""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]  # Any: JSON
Upcaster = Callable[[Json], Json]


def verification_withdrawn_2(data: Json) -> Json:
    """Version 1 knew only people who took their own verification back."""
    return {**data, "person_id": data["by"]}


UPCASTERS: dict[tuple[str, int], Upcaster] = {
    ("VerificationWithdrawn", 1): verification_withdrawn_2,
}
"""(stored name, n) to the function that makes version n + 1 of version n."""


def upcast(name: str, schema: int, newest: int, data: Json) -> Json:
    """The fact's JSON in the newest version; KeyError where a step is missing, which a test keeps from happening."""
    for version in range(schema, newest):
        data = UPCASTERS[name, version](data)
    return data
