"""Where the built app is."""

from pathlib import Path
from typing import Final

APP: Final = Path(__file__).parent.parent.parent / "pwa"
BUILD: Final = APP / "build"
