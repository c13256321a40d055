"""The manifest of a backup: what is in it, of which moment and software, with the checksum of every file.

It is written last, so a folder without one is an unfinished backup. `manifest.sha256` beside it proves the manifest
itself; `sha256sum -c` understands both that file and `SHA256SUMS`.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ranportal.shared.refusals import Refused

FORMAT = 1
NAME = "manifest.json"
PROOF = "manifest.sha256"
SUMS = "SHA256SUMS"

_CHUNK = 1 << 20


class BackupBroken(Refused):
    """The folder holds no complete, unharmed backup."""


@dataclass(frozen=True)
class Table:
    """One table as it was saved: its columns in the order of the file (none where a whole database is one file)."""

    rows: int
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    `made_at` is ISO in UTC. `migrations` are [app, name] in the order of the application. `sequences` are the last
    numbers given, by "table.column". `files` maps each path within the folder to [sha256, bytes]. `missing_files` are
    those that rows name and the storage had not. `keys` maps a variable's name to fingerprints of its values.
    """

    made_at: str
    vendor: str
    version: str
    migrations: tuple[tuple[str, str], ...]
    tables: Mapping[str, Table]
    sequences: Mapping[str, int]
    files: Mapping[str, tuple[str, int]]
    missing_files: tuple[str, ...]
    keys: Mapping[str, tuple[str, ...]]
    format: int = FORMAT

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.files.values())


def digest(path: Path) -> str:
    """The SHA-256 of a file as 64 hex digits."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()


def files_of(folder: Path) -> dict[str, tuple[str, int]]:
    """Checksum and size of every file below the folder, by its path there."""
    return {path.relative_to(folder).as_posix(): (digest(path), path.stat().st_size) for path in _files(folder)}


def seal(folder: Path, manifest: Manifest) -> None:
    """Write the manifest and its proof, and see them on the disk. From now on the folder is a backup."""
    _write(folder / SUMS, "".join(f"{found[0]}  {name}\n" for name, found in manifest.files.items()))
    _write(folder / NAME, json.dumps(asdict(manifest), indent=1, ensure_ascii=False) + "\n")
    _write(folder / PROOF, f"{digest(folder / NAME)}  {NAME}\n")


def read(folder: Path) -> Manifest:
    """The manifest of a backup whose every file was found whole. Raises BackupBroken, which names what is not."""
    for name in (NAME, PROOF):
        if not (folder / name).is_file():
            raise BackupBroken(f"{folder} holds no complete backup: {name} is missing.")
    if (folder / PROOF).read_bytes() != f"{digest(folder / NAME)}  {NAME}\n".encode():
        raise BackupBroken(f"{folder / NAME} was changed after it was written.")
    found = json.loads((folder / NAME).read_text("utf-8"))
    if found["format"] != FORMAT:
        raise BackupBroken(f"This backup has format {found['format']}, and this software reads format {FORMAT}.")
    manifest = _manifest(found)
    _prove(folder, manifest)
    return manifest


def _manifest(found: dict) -> Manifest:
    tables = {
        name: Table(rows=table["rows"], columns=tuple(table["columns"])) for name, table in found["tables"].items()
    }
    return Manifest(
        **{
            **found,
            "migrations": tuple((app, name) for app, name in found["migrations"]),
            "tables": tables,
            "files": {name: (checksum, size) for name, (checksum, size) in found["files"].items()},
            "missing_files": tuple(found["missing_files"]),
            "keys": {name: tuple(prints) for name, prints in found["keys"].items()},
        }
    )


def _prove(folder: Path, manifest: Manifest) -> None:
    expected = {name: size_and_sum[0] for name, size_and_sum in manifest.files.items()}
    lines = "".join(f"{checksum}  {name}\n" for name, checksum in expected.items())
    if not (folder / SUMS).is_file() or (folder / SUMS).read_text("utf-8", "replace") != lines:
        raise BackupBroken(f"{folder / SUMS} is missing or was changed.")
    for name, (checksum, size) in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise BackupBroken(f"{path} is missing.")
        if path.stat().st_size != size or digest(path) != checksum:
            raise BackupBroken(f"{path} is not what was backed up: its checksum differs.")


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
