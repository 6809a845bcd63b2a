"""Names of uploaded files: shown to people and written into exports, never used as a path."""

import re
import unicodedata

from exact.domain.errors import Invalid

LONGEST = 255
FORBIDDEN = re.compile(r"[<>:\"|?*&`\x00-\x1f\x7f-\x9f]")
"""What HTML, shells or other people's file systems take for something else."""
INVISIBLE = ("Cf", "Cs", "Co", "Zl", "Zp")
"""Unicode categories that hide or reorder what is read, such as right-to-left overrides."""


def checked_name(filename: str) -> str:
    """The name in its normal form, or a refusal that says what is wrong with it."""
    name = unicodedata.normalize("NFC", filename).strip()
    problem = _problem(name)
    if problem:
        raise Invalid(f"{problem} Rename the file and upload it again.", code="bad_filename")
    return name


def _problem(name: str) -> str | None:
    if not name:
        return "The file has no name."
    if "/" in name or "\\" in name:
        return "The file's name contains a path separator (/ or \\)."
    if name.strip(".") == "" or name.startswith(".."):
        return "The file's name is made of dots or begins with two."
    if FORBIDDEN.search(name) or any(unicodedata.category(letter) in INVISIBLE for letter in name):
        return "The file's name contains a character that is not allowed (< > : \" | ? * & ` or an invisible one)."
    if len(name.encode()) > LONGEST:
        return f"The file's name is longer than {LONGEST} bytes."
    return None
