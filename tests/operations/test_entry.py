"""The words of the command line before Django sees them."""

import pytest

from exact.operations.entry import without_var


@pytest.mark.parametrize(
    ("given", "words", "var"),
    [
        (["m", "up"], ["m", "up"], None),
        (["m", "up", "--var", "d", "--port", "1"], ["m", "up", "--port", "1"], "d"),
        (["m", "--var=d", "up"], ["m", "up"], "d"),
        (["m", "up", "--variant", "d"], ["m", "up", "--variant", "d"], None),
        (["m", "up", "--var"], ["m", "up"], None),
    ],
)
def test_var_is_taken_out(given: list[str], words: list[str], var: str | None) -> None:
    assert without_var(given) == (words, var)
