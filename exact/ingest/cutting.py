"""From files that arrived together to images: archives unpacked, headers read, all of it grouped."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from exact.domain.errors import Refusal
from exact.ingest.archives import Watch, is_zip, unpacked
from exact.ingest.arrivals import Arrived, Aside, Cut
from exact.ingest.grouping import cut
from exact.ingest.reading_heads import read_heads

NESTED = "It is a zip within a zip: unpack it and send what is in it."


def cut_files(files: Iterable[Arrived], folder: Path, watch: Watch = lambda _: None) -> Cut:
    """The images among the files and in their archives, which are unpacked below the folder."""
    plain, aside, came_as = [], [], ""
    for count, file in enumerate(files):
        if not (file.source is None and is_zip(file.file)):
            plain.append(file)
            continue
        name = PurePosixPath(file.path).name
        came_as = PurePosixPath(name).stem
        try:
            inside, beside = unpacked(file.file, name, folder / str(count), watch)
        except Refusal as refusal:
            aside.append(Aside(file.path, refusal.code, refusal.sentence))
            continue
        aside += beside
        aside += [Aside(one.path, "nested_archive", NESTED) for one in inside if is_zip(one.file)]
        plain += [one for one in inside if not is_zip(one.file)]
    found = cut(plain, read_heads(plain), came_as)
    return Cut(found.groups, [*aside, *found.aside])
