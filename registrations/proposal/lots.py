"""The lottery among equals: a number for each applicant that nobody could choose, the same for the same seed."""

import hashlib

#: Lots are below 2 to this power, so that two people hardly ever draw the same.
BITS = 40


def lot(seed: int, applicant: str) -> int:
    """The lot of this applicant under this seed: 40 bits of SHA-256, so it depends on nobody else."""
    drawn = hashlib.sha256(f"{seed}:{applicant}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(drawn[: BITS // 8], "big")
