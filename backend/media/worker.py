"""Makes the pictures people see and the voices they hear; clears away what nobody finished."""

import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec
from pgqueuer.executors import DatabaseRetryEntrypointExecutor
from pgqueuer.models import Job, Schedule

from backend import metrics
from backend.db import write_tx
from backend.logs import get_logger
from backend.media import queries, uploads
from backend.media.imaging import (
    FULL_NAME,
    THUMB_NAME,
    ImageDecoderFailed,
    ImageRefused,
    process_photo,
)
from backend.media.schemas import PhotoPlace, ProcessPhoto
from backend.media.service import PROCESS_PHOTO, announce_changed
from backend.media.sound import VOICE_NAME, VoiceDecoderFailed, VoiceRefused, process_voice
from backend.media.store import FULL_TYPE, VOICE_TYPE, media_store, public_key, voice_key
from media_store import MediaNotFound

if TYPE_CHECKING:
    from pgqueuer import PgQueuer

DECODER_ATTEMPTS: Final = 5
STORE_ATTEMPTS: Final = 300
"""At five minutes each: a store may be away for a day."""

_retrying = partial(
    DatabaseRetryEntrypointExecutor,
    max_attempts=STORE_ATTEMPTS,
    initial_delay=timedelta(seconds=1),
    max_delay=timedelta(minutes=5),
)


def register(queue: "PgQueuer") -> None:
    """The jobs of this slice: `process_photo`, and the hourly sweep."""

    @queue.entrypoint(PROCESS_PHOTO, executor_factory=_retrying, on_failure="hold")
    async def _process(job: Job) -> None:
        photo_id = msgspec.json.decode(job.payload or b"", type=ProcessPhoto).photo_id
        await make_pictures(photo_id, attempts=job.attempts)

    @queue.schedule("sweep_uploads", "17 * * * *")
    async def _sweep(_schedule: Schedule) -> None:
        gone = await uploads.sweep_uploads()
        get_logger().info("uploads_swept", count=gone)


async def make_pictures(photo_id: UUID, *, attempts: int = 0) -> None:
    """Turn a stored original into the pictures people see, or the voice they hear, once.

    It becomes `ready`, or `failed` with the code of what is wrong with it. Repeated after a
    crash it writes the same files again.

    Raises:
        MediaStoreUnavailable, MediaStoreFull, ImageDecoderFailed, VoiceDecoderFailed: try again
            later.
    """
    key = await queries.get_unprocessed_key(photo_id)
    if key is None:
        return
    make = _make_voice if await queries.is_voice(photo_id) else _make_pictures
    with tempfile.TemporaryDirectory(prefix="khupho-photo-") as name:
        folder = Path(name)
        try:
            await media_store().get_file(key, folder / "original")
            say_ready = await make(photo_id, folder)
        except (ImageRefused, VoiceRefused, MediaNotFound) as error:
            await _fail(photo_id, error.code, str(error))
            return
        except (ImageDecoderFailed, VoiceDecoderFailed) as error:
            if attempts < DECODER_ATTEMPTS:
                raise
            await _fail(photo_id, error.code, str(error))
            return
    async with write_tx():
        photo = await say_ready()
        if photo is not None:
            await announce_changed([photo])
    metrics.JOBS.labels(PROCESS_PHOTO, "ready").inc()


SayReady = Callable[[], Awaitable[PhotoPlace | None]]


async def _make_pictures(photo_id: UUID, folder: Path) -> SayReady:
    made = await process_photo(folder / "original", folder)
    full_key, thumb_key = public_key(photo_id, "full"), public_key(photo_id, "thumb")
    await media_store().put_file(full_key, folder / FULL_NAME, content_type=FULL_TYPE)
    await media_store().put_file(thumb_key, folder / THUMB_NAME, content_type=FULL_TYPE)
    get_logger().info(
        "photo_made", photo=str(photo_id), seconds=round(made.seconds, 2), peak=made.peak_bytes
    )
    return partial(queries.set_photo_ready, photo_id, full_key, thumb_key, made.width, made.height)


async def _make_voice(voice_id: UUID, folder: Path) -> SayReady:
    made = await process_voice(folder / "original", folder)
    key = voice_key(voice_id)
    await media_store().put_file(key, folder / VOICE_NAME, content_type=VOICE_TYPE)
    get_logger().info("voice_made", voice=str(voice_id), peak=made.peak_bytes)
    return partial(queries.set_voice_ready, voice_id, key, made.seconds, silent=made.silent)


async def _fail(photo_id: UUID, code: str, detail: str) -> None:
    async with write_tx():
        photo = await queries.set_photo_failed(photo_id, code)
        if photo is not None:
            await announce_changed([photo])
    metrics.JOBS.labels(PROCESS_PHOTO, "failed").inc()
    get_logger().warning("photo_failed", photo=str(photo_id), code=code, detail=detail)
