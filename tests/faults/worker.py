"""The worker as it is, but for one thing: every shot of these phones is the same grey pixel.

So the pictures made of the first one serve all, instead of a tenth of a second of processor time
for each: a decoder starts as a process of its own.
"""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from backend.cli import main
from backend.media import worker
from backend.media.imaging import FULL_NAME, THUMB_NAME, ProcessedPhoto, process_photo
from backend.settings import get_settings

_made: list[ProcessedPhoto] = []
_making: Final = asyncio.Lock()


async def process_like_the_first(source: Path, out_dir: Path) -> ProcessedPhoto:
    """As `process_photo`; decodes once."""
    async with _making:
        if not _made:
            kept = Path(tempfile.mkdtemp(prefix="pictures-", dir=get_settings().var_dir))
            _made.append(await process_photo(source, kept))
    first = _made[0]
    shutil.copyfile(first.full_path, out_dir / FULL_NAME)
    shutil.copyfile(first.thumb_path, out_dir / THUMB_NAME)
    return msgspec.structs.replace(
        first, full_path=out_dir / FULL_NAME, thumb_path=out_dir / THUMB_NAME
    )


if __name__ == "__main__":
    worker.process_photo = process_like_the_first  # type: ignore[assignment]
    main(["worker"])
