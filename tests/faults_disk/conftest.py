"""Small disks that fill up; and a database of each test's own."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.backup.conftest import Source, api, connection, new_house, source

__all__ = ["Disk", "Source", "api", "connection", "mounted", "new_house", "source"]

KEPT_FREE = 4096


class Disk:
    """A file system in memory, of so many bytes."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder))

    @property
    def free(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self, *, leaving: int = 0) -> None:
        """Somebody else's file takes all the room but `leaving` bytes."""
        with (self.folder / "filler").open("ab") as file:
            file.write(bytes(max(0, self.free - leaving)))
        assert self.free <= max(leaving, KEPT_FREE)

    def make_room(self) -> None:
        (self.folder / "filler").unlink()

    def grow(self, size: int) -> None:
        _run("mount", "-o", f"remount,size={size}", str(self.folder))

    def unmount(self) -> None:
        _run("umount", "-l", str(self.folder))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)


@pytest.fixture
def mounted() -> Iterator[Callable[[Path, int], Disk]]:
    """Mounts a small disk in that folder until the test ends. Only root may; CI is."""
    disks: list[Disk] = []

    def mount(folder: Path, size: int) -> Disk:
        try:
            disks.append(Disk(folder, size))
        except (OSError, subprocess.CalledProcessError) as error:
            reason = f"no small disk can be mounted here: {error}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        return disks[-1]

    yield mount
    for disk in reversed(disks):
        disk.unmount()
