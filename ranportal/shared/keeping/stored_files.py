"""The files of the storages, out to a folder and in again, through Django's storage API: a disk or S3 alike."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from django.apps import apps
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db import models

from ranportal.shared.refusals import Refused

#: The storages with files of ours; static files are made anew by each installation.
ALIASES = ("default", "private")
FOLDER = "files"

_CHUNK = 1 << 20


class FilesDiffer(Refused):
    """A storage holds another file under a name of the backup."""


def save_to(folder: Path, *, leave_out: str) -> tuple[str, ...]:
    """Copy every file of the storages below `folder`; returns the names that rows have of files that are in none.

    `leave_out` is a folder whose files belong to this installation alone.
    """
    for alias in ALIASES:
        storage = storages[alias]
        for name in names_in(storage):
            if PurePosixPath(name).parts[0] != leave_out:
                _copy_out(storage, name, folder / FOLDER / alias / name)
    saved = [folder / FOLDER / alias for alias in ALIASES]
    return tuple(name for name in _named_by_rows() if not any((place / name).exists() for place in saved))


def among(names: Iterable[str]) -> list[tuple[str, str]]:
    """(alias, name) of those of these paths within a backup that are files of a storage."""
    return [_place(name) for name in names if name.startswith(f"{FOLDER}/")]


def load_from(folder: Path, *, names: Iterable[str], is_replacing: bool) -> list[tuple[str, str]]:
    """Bring the files of a backup that are missing into the storages; returns (alias, name) of each.

    `names` are paths within the backup. One that is there already stays as it is. Raises FilesDiffer before anything is
    written when one differs, unless `is_replacing`: then `replace` comes when nothing can go back any more.
    """
    wanted = among(names)
    differing = _differing(folder, wanted)
    if differing and not is_replacing:
        raise FilesDiffer(
            f"{len(differing)} files of the backup stand in the storage with other content. --replace overwrites them."
        )
    made: list[tuple[str, str]] = []
    try:
        for alias, name in wanted:
            if not storages[alias].exists(name):
                made.append((alias, name))
                _copy_in(folder, alias, name)
    except BaseException:
        remove(made)
        raise
    return made


def replace(folder: Path, *, names: Iterable[str]) -> None:
    """Put the backup's files in the place of those that have another content."""
    for alias, name in _differing(folder, among(names)):
        storages[alias].delete(name)
        _copy_in(folder, alias, name)


def remove(places: Iterable[tuple[str, str]]) -> None:
    """Take files away again that a restore had brought before it failed."""
    for alias, name in places:
        storages[alias].delete(name)


def names_in(storage: Storage, folder: str = "") -> Iterator[str]:
    """The names of all files of a storage."""
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(files):
        yield str(PurePosixPath(folder, name))
    for name in sorted(folders):
        yield from names_in(storage, str(PurePosixPath(folder, name)))


def _copy_out(storage: Storage, name: str, path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with storage.open(name, "rb") as source, path.open("wb") as target:
            for chunk in source.chunks(_CHUNK):
                target.write(chunk)
    except FileNotFoundError:
        # Somebody replaced an answer in this moment; if a saved row names the file, it is reported as missing.
        path.unlink(missing_ok=True)


def _copy_in(folder: Path, alias: str, name: str) -> None:
    with (folder / FOLDER / alias / name).open("rb") as source:
        saved = storages[alias].save(name, File(source))
    if saved != name:
        raise FilesDiffer(f"The storage “{alias}” wrote {saved} instead of {name}: is somebody else writing there?")


def _place(path: str) -> tuple[str, str]:
    _, alias, name = path.split("/", 2)
    if alias not in ALIASES or ".." in PurePosixPath(name).parts:
        raise FilesDiffer(f"{path} belongs to no storage.")
    return alias, name


def _differing(folder: Path, places: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [place for place in places if _differs(folder, *place)]


def _differs(folder: Path, alias: str, name: str) -> bool:
    storage, path = storages[alias], folder / FOLDER / alias / name
    if not storage.exists(name):
        return False
    return storage.size(name) != path.stat().st_size or _sum(storage.open(name, "rb")) != _sum(File(path.open("rb")))


def _sum(file: File) -> str:
    found = hashlib.sha256()
    with file:
        for chunk in file.chunks(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def _named_by_rows() -> Iterator[str]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.FileField):
                yield from model._default_manager.exclude(**{field.name: ""}).values_list(field.name, flat=True)
