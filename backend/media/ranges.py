"""Parts of a file, as browsers ask for them (RFC 9110, 14)."""

import re
from typing import Final

from backend.errors import DomainError
from backend.i18n import N_

_RANGE: Final = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.ASCII | re.IGNORECASE)


class RangeInvalid(DomainError):
    """It begins behind the end of the file, whose size the phone is told."""

    status = 416
    code = "range_invalid"
    title = N_("Not a part of this file")
    message = N_("This part of the file does not exist.")

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__()

    def headers(self) -> dict[str, str]:
        return {"Content-Range": f"bytes */{self.size}"}


def find_range(asked: str | None, size: int) -> range | None:
    """The bytes that the header Range asks for; None: all of them.

    What is not one range of bytes is ignored, as the standard allows.

    Raises:
        RangeInvalid: no byte of it is there.
    """
    match = _RANGE.fullmatch(asked.strip()) if asked else None
    if match is None or match.group(0).endswith("=-"):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return None
    if start >= stop:
        raise RangeInvalid(size)
    return range(start, stop)
