"""Whether the locks are the newest that requirements*.in allow: pip is asked, once for each lock, by a dry run."""

import subprocess
import sys

from tests.security import scope, supply


def main() -> int:
    """Ask, put a line into the table, and return 1 where a pin is old without a reason or nobody answered."""
    found, asked = [], 0
    for lock in supply.LOCKS:
        name, sources = lock.stem, lock.with_suffix(".in")
        locked = supply.versions_of(lock)
        try:
            newest = supply.newest_of_series(lock, sources)
        except (subprocess.SubprocessError, OSError) as error:
            found.append(f"{name}: nobody answered ({type(error).__name__})")
            continue
        asked += len(locked)
        found += supply.unexcused(newest, locked, supply.exceptions())
    scope.add(
        part="pins that are not the newest of their series",
        goal="0 without a dated reason",
        reached=f"{len(found)} of {asked}: {'; '.join(found) or 'none'}",
        is_reached=not found,
    )
    print("\n".join(found))
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
