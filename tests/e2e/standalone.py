"""The running product for commands that are no tests: screens and figures."""

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from backend.embedded import start_embedded, stop_embedded
from backend.settings import get_settings
from tests.e2e.stack import AnyStack, running_stack


@contextlib.asynccontextmanager
async def standalone_stack(kind: type[AnyStack]) -> AsyncIterator[AnyStack]:
    """PostgreSQL, the demo wards, server and worker in a temporary folder; all gone afterwards.

    Sets this process's environment: one such stack a process.
    """
    with tempfile.TemporaryDirectory(prefix="khupho-stack-") as folder:
        var = Path(folder)
        os.environ.update({"KHUPHO_VAR_DIR": folder, "KHUPHO_LOG_LEVEL": "warning"})
        os.environ["DATABASE_URL"] = start_embedded(var / "postgres")
        get_settings.cache_clear()
        try:
            async with running_stack(kind, os.environ["DATABASE_URL"], var) as stack:
                yield stack
        finally:
            stop_embedded()
