"""What one photo of 12 megapixels costs the server: time, memory, and the thumbnail's size.

Each photo gets a decoder process of its own; its start is part of the time.
"""

import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from pillow_heif import register_heif_opener

from backend.media.imaging import ProcessedPhoto, process_photo

WIDTH, HEIGHT = 4032, 3024
ROUNDS = 5


async def run() -> dict[str, float]:
    """Seconds, the best of five, since other work on the machine only adds; the peak in megabytes
    (of 1,000,000 bytes); the larger thumbnail in KiB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        register_heif_opener()
        picture = scene(WIDTH, HEIGHT)
        picture.save(folder / "photo.jpg", "JPEG", quality=90)
        # The quickest preset: it changes how long encoding takes here, not decoding there.
        picture.save(folder / "photo.heic", "HEIF", quality=47, enc_params={"preset": "ultrafast"})
        jpeg = [await _process(folder / "photo.jpg") for _ in range(ROUNDS)]
        heic = [await _process(folder / "photo.heic") for _ in range(ROUNDS)]
    return {
        "jpeg_12mpx_s": min(made.seconds for made in jpeg),
        "jpeg_12mpx_peak_mb": max(made.peak_bytes for made in jpeg) / 1e6,
        "heic_12mpx_s": min(made.seconds for made in heic),
        "heic_12mpx_peak_mb": max(made.peak_bytes for made in heic) / 1e6,
        "thumbnail_kib": max(made.thumb_bytes for made in jpeg + heic) / 1024,
    }


def scene(width: int, height: int, seed: int = 1) -> Image.Image:
    """A picture with about as much in it as a street: large shapes, leaves and a sensor's noise."""
    chance = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), dtype=np.float32)
    for cells, strength in ((6, 90.0), (40, 40.0), (320, 22.0)):
        coarse = chance.uniform(-1, 1, (cells * 3 // 4 + 1, cells, 3)) * 127 + 128
        layer = Image.fromarray(coarse.astype(np.uint8)).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        picture += (np.asarray(layer, dtype=np.float32) - 128) * (strength / 127)
    picture += chance.normal(0, 3, (height, width, 1))
    return Image.fromarray(np.clip(picture + 118, 0, 255).astype(np.uint8))


async def _process(photo: Path) -> ProcessedPhoto:
    with tempfile.TemporaryDirectory(dir=photo.parent) as folder:
        return await process_photo(photo, Path(folder))
