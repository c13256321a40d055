"""Whether the web server of this container answers: exit code 0 if /healthz/web/ says 200, else 1. Needs no packages.

`python deploy/probe.py [address]`; without one, port 8000 of this container.
"""

import os
import sys
from urllib.error import URLError
from urllib.request import Request, urlopen

ADDRESS = "http://127.0.0.1:8000"
SECONDS = 4


def main(address: str = ADDRESS) -> int:
    """Ask once; the answer is the exit code."""
    # The portal answers to its own names only.
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip()
    question = Request(f"{address}/healthz/web/", headers={"Host": host})  # noqa: S310 - the operator names it
    try:
        with urlopen(question, timeout=SECONDS) as answer:  # noqa: S310 - the same
            return 0 if answer.status == 200 else 1
    except (URLError, OSError) as error:
        sys.stderr.write(f"{address}/healthz/web/: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
