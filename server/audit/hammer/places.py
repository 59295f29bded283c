"""What was acknowledged at each index of the log, in 17 bytes."""

from __future__ import annotations

DIGEST_BYTES = 16
_ABSENT = bytes(DIGEST_BYTES)
_STEP = 1 << 16


class Places:
    """A digest and a code for each index; code 0 and no digest where nothing was acknowledged."""

    def __init__(self) -> None:
        self._digests = bytearray()
        self._codes = bytearray()
        self._numbers: dict[tuple[str, str], int] = {}

    def put(self, index: int, digest: bytes, tenant: str, kind: str) -> None:
        """Note an entry. digest: `DIGEST_BYTES`, of whatever identifies its bytes."""
        missing = index + 1 - len(self._codes)
        if missing > 0:
            # In steps: indexes come out of order, and one by one would copy everything each time.
            grown = missing + _STEP
            self._digests.extend(bytes(grown * DIGEST_BYTES))
            self._codes.extend(bytes(grown))
        self._digests[index * DIGEST_BYTES : (index + 1) * DIGEST_BYTES] = digest
        self._codes[index] = self._numbers.setdefault((tenant, kind), len(self._numbers) + 1)

    def digest(self, index: int) -> bytes | None:
        """What was put at `index`, None if nothing was."""
        found = bytes(self._digests[index * DIGEST_BYTES : (index + 1) * DIGEST_BYTES])
        return None if found in (b"", _ABSENT) else found

    def first(self, tenant: str, kind: str, after: int, until: int) -> int:
        """The first index above `after` and below `until` where an entry of that kind and tenant was put; -1: none."""
        number = self._numbers.get((tenant, kind))
        return -1 if number is None else self._codes.find(number, after + 1, until)

    def all(self, tenant: str, kind: str) -> set[int]:
        """Every index where an entry of that kind and tenant was put."""
        number = self._numbers.get((tenant, kind))
        return {index for index, code in enumerate(self._codes) if code == number}
