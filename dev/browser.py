"""A Chromium for the browser tests and the screenshots: named, on PATH, or fetched into .browser/."""

import os
import shutil
from pathlib import Path

FETCHED = Path(__file__).resolve().parent.parent / ".browser" / "chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
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
        environment["FONTCONFIG_PATH"] = str(FETCHED.parent / "fonts")
    return {"executable_path": str(program), "headless": True, "args": quiet, "env": environment}
