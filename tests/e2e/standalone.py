"""The running product for commands that are no tests: screens and figures."""

import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

from backend import db
from backend.embedded import start_embedded, stop_embedded
from backend.settings import get_settings
from tests.e2e.stack import Stack
from tests.fixtures.push_service import PushService

AnyStack = TypeVar("AnyStack", bound=Stack)


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
        if not (get_settings().pwa_dir / "index.html").exists():
            raise FileNotFoundError("the app is not built: just build")
        try:
            async with PushService() as push:
                stack = kind(os.environ["DATABASE_URL"], var, push)
                try:
                    await stack.prepare()
                    stack.start()
                    await stack.answering()
                    yield stack
                finally:
                    stack.stop()
                    await db.close_pool()
        finally:
            stop_embedded()
