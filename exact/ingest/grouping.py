"""Cuts what arrived into images: by names, and by what headers say. Pure; letters' case does not matter."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath

from exact.ingest.arrivals import Arrived, Aside, Cut, Group
from exact.ingest.heads import Head
from exact.tiles.stack_names import NUMBERED, TOKEN, place_of

JUNK_FOLDERS = {"__macosx", "$recycle.bin", "system volume information", "@eadir"}
JUNK = {".ds_store", "thumbs.db", "desktop.ini", ".localized", "ehthumbs.db"}
README = re.compile(r"readme([-_ ]\w+)?(\.(txt|md|rst|html?|pdf))?", re.IGNORECASE)
COMPANION = ".companion.ome"
ZARR_MARKS = {".zgroup", ".zattrs", ".zarray", "zarr.json"}

Rest = dict[str, Arrived]
"""What no rule has taken yet, by path."""
Heads = Mapping[str, Head]


def cut(files: Iterable[Arrived], heads: Heads, came_as: str = "") -> Cut:
    """Images and what is set aside; `came_as` is what to call a folder without a name."""
    result, rest = Cut(), {}
    for file in files:
        aside = is_junk(file.path)
        if aside:
            result.aside.append(aside)
        else:
            rest[file.path] = file
    for rule in RULES:
        result.groups += rule(rest, heads)
    result.aside += _without_folder(rest)
    result.groups += [Group(_name(path), {_name(path): file}) for path, file in rest.items()]
    result.groups = [_named(group, came_as) for group in result.groups]
    return result


def zarr_folders(rest: Rest, _: Heads) -> list[Group]:
    """A folder with an OME-Zarr's marks is one image, with everything below it."""
    marked = {_folder(path) for path in rest if _name(path).lower() in ZARR_MARKS}
    tops = sorted(folder for folder in marked if not any(_inside(folder, other) for other in marked - {folder}))
    return [_taken(rest, _name(top), [path for path in rest if _inside(path, top)], top) for top in tops]


def mirax(rest: Rest, _: Heads) -> list[Group]:
    """X.mrxs and the folder X."""
    return _with_folder(rest, ".mrxs", lambda stem: stem)


def olympus(rest: Rest, _: Heads) -> list[Group]:
    """X.vsi and the folder _X_."""
    return _with_folder(rest, ".vsi", lambda stem: f"_{stem}_")


def named_parts(rest: Rest, heads: Heads) -> list[Group]:
    """A VMS, or the header or one of the files of an OME-TIFF, and the files beside it that it names."""
    groups = []
    for path in sorted(rest, key=lambda path: (not path.lower().endswith(COMPANION), path)):
        names = {name.lower() for name in heads.get(path, Head()).names} | {_name(path).lower()}
        parts = [other for other in rest if _folder(other) == _folder(path) and _name(other).lower() in names]
        if path in rest and len(parts) > 1:
            name = f"{_name(path)[: -len(COMPANION)]}.ome.tif" if path.lower().endswith(COMPANION) else _name(path)
            groups.append(_taken(rest, name, sorted(parts), _folder(path)))
    return groups


def dicom_series(rest: Rest, heads: Heads) -> list[Group]:
    """Slices with one SeriesInstanceUID, wherever in the folder they lie; called like the folder."""
    series: dict[str, list[str]] = defaultdict(list)
    for path in sorted(rest):
        if path in heads and heads[path].series:
            series[heads[path].series].append(path)
    many = [paths for paths in series.values() if len(paths) > 1]
    folders = [_common_folder(paths) for paths in many]
    groups = []
    for paths, folder in zip(many, folders, strict=True):
        label = f" {heads[paths[0]].label}" if folders.count(folder) > 1 else ""
        groups.append(_taken(rest, f"{_name(folder) or _stem(_name(paths[0]))}{label}", paths, folder))
    return groups


def z_stacks(rest: Rest, _: Heads) -> list[Group]:
    """Planes as files: <base>_z<Z>_t<T>.<suffix>, or <stem>/<z>_<frame>_<name>."""
    stacks: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for path in sorted(rest):
        place = place_of(_name(path))
        if place and "z" in place[2] and (TOKEN.search(_name(path)) or _in_folder_of_its_name(path)):
            stacks[_folder(path), place[0], place[2]].append(path)
    many = [(key[0], paths) for key, paths in stacks.items() if len(paths) > 1]
    return [_taken(rest, _stack_name(_name(paths[0])), paths, folder) for folder, paths in many]


RULES: tuple[Callable[[Rest, Heads], list[Group]], ...] = (
    zarr_folders, mirax, olympus, named_parts, dicom_series, z_stacks,
)  # fmt: skip


def _stack_name(name: str) -> str:
    """Of the stack that this is a plane of."""
    numbered = NUMBERED.fullmatch(name)
    return numbered[3] if numbered and not TOKEN.search(name) else TOKEN.sub("", name)


def _in_folder_of_its_name(path: str) -> bool:
    """As the ancestor keeps its stacks: other files begin with two numbers by chance."""
    return _stem(_stack_name(_name(path))).lower() == _name(_folder(path)).lower()


def _with_folder(rest: Rest, suffix: str, folder_of: Callable[[str], str]) -> list[Group]:
    """Files with this suffix and the folder that belongs to each; the folder is called as the file wants it."""
    groups = []
    for path in sorted(path for path in rest if path.lower().endswith(suffix)):
        stem = _stem(_name(path))
        wanted = _joined(_folder(path), folder_of(stem)).lower()
        below = [other for other in rest if other.lower().startswith(f"{wanted}/")]
        if below:
            files = {_name(path): rest.pop(path)}
            depth = wanted.count("/") + 1
            files |= {_joined(folder_of(stem), "/".join(other.split("/")[depth:])): rest.pop(other) for other in below}
            groups.append(Group(_name(path), files))
    return groups


def _without_folder(rest: Rest) -> list[Aside]:
    """What is no image without the files that should lie beside it."""
    found = [path for path in sorted(rest) if path.lower().endswith(".mrxs")]
    for path in found:
        del rest[path]
    return [
        Aside(path, "incomplete", f"{_name(path)} needs the folder {_stem(_name(path))} that lies beside it: "
              "send both, by dropping the folder in which they lie or as a zip.")
        for path in found
    ]  # fmt: skip


def is_junk(path: str) -> Aside | None:
    """Why nobody misses this file; None where somebody does."""
    parts = path.lower().split("/")
    name = parts[-1]
    if JUNK_FOLDERS & set(parts[:-1]) or name in JUNK or name.startswith("._"):
        return Aside(path, "passed_over", "It belongs to the computer it comes from.", harmless=True)
    if README.fullmatch(name):
        return Aside(path, "passed_over", "It is for people to read.", harmless=True)
    if name == "dicomdir":
        return Aside(path, "passed_over", "It lists the files beside it.", harmless=True)
    if name.endswith(".ndpis"):
        return Aside(path, "passed_over", "It lists slides; each of them becomes an image.", harmless=True)
    return None


def _taken(rest: Rest, name: str, paths: Iterable[str], folder: str) -> Group:
    """An image of these files, which no later rule sees; their paths begin in the folder."""
    below = len(folder) + 1 if folder else 0
    return Group(name, {path[below:]: rest.pop(path) for path in list(paths)})


def _named(group: Group, came_as: str) -> Group:
    return group if group.name else Group(came_as or "image", group.files)


def _name(path: str) -> str:
    return PurePosixPath(path).name


def _stem(name: str) -> str:
    """Without the suffix, or the two of .ome.tif and .nii.gz."""
    stem = PurePosixPath(name).stem
    return stem[:-4] if stem.lower().endswith((".ome", ".nii")) else stem


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _inside(path: str, folder: str) -> bool:
    return folder in ("", path) or path.startswith(f"{folder}/")


def _common_folder(paths: list[str]) -> str:
    """The innermost folder in which all of them lie."""
    common = _folder(paths[0])
    while not all(_inside(_folder(path), common) for path in paths):
        common = _folder(common)
    return common
