"""`khupho check`: what an administrator wants to know before people do."""

import sys
from typing import Final

import backend.reports.telling  # noqa: F401 - who sees a photo that was mended hears of it
from backend import db
from backend.durability import read_durability
from backend.media import service as media
from backend.media.audit import ORPHAN_AGE, MediaAudit
from backend.migrate import pending_migrations
from backend.settings import Settings
from media_store import MediaStoreError

ADVISORY: Final = frozenset({"people reach it over HTTPS"})


async def run_checks(settings: Settings) -> int:
    """Print one line a check; 0 when all is well, else 1."""
    media.open_store(settings)
    try:
        behind = await pending_migrations()
        results = [
            ("database answers", await db.is_answering(), ""),
            ("database is up to date", not behind, "run `khupho migrate`"),
            *(
                (wanted.words, value in wanted.values, f"{wanted.advice} (is {value})")
                for wanted, value in await read_durability()
            ),
            ("media store answers", await media.is_answering(), "see KHUPHO_MEDIA_URL"),
            ("the app is built", (settings.pwa_dir / "index.html").exists(), "run `just build`"),
            ("people reach it over HTTPS", settings.secure, "phones need it for camera and push"),
        ]
    finally:
        await media.close_store()
    for words, fine, advice in results:
        print(f"{'ok  ' if fine else 'BAD '} {words}{'' if fine or not advice else ': ' + advice}")
    return 0 if all(fine or words in ADVISORY for words, fine, _ in results) else 1


async def run_deep_check(settings: Settings, *, repair: bool, accept_many: bool = False) -> int:
    """Compare every row with every media file; print a line a finding.

    0 when nothing is wrong, or all that was could be mended; else 1.
    """
    media.open_store(settings)
    audit = MediaAudit(mend=repair, accept_many=accept_many)
    found = mended = 0
    try:
        async for finding in audit.findings():
            found += 1
            mended += finding.mended
            mark = "mended" if finding.mended else "BAD   "
            print(f"{mark} {finding.kind} {finding.subject}: {finding.words}", flush=True)
    except MediaStoreError as error:
        print(f"khupho: the media store does not answer: {error}", file=sys.stderr)
        return 1
    finally:
        await media.close_store()
    print(f"{audit.objects} media files, {audit.bytes / 1e6:.1f} MB, are as their rows say.")
    if audit.young_orphans:
        hours = int(ORPHAN_AGE.total_seconds() // 3600)
        print(
            f"{audit.young_orphans} files have no row, but are younger than {hours} hours: "
            "they may be on their way."
        )
    if audit.awaited:
        print(
            f"{audit.awaited} photos were named over a week ago; their phones have not sent them."
        )
    if audit.suspicious:
        print(
            "So many files are not what the database says: is this the right media store, and the "
            "right database? "
            + ("" if not repair or accept_many else "None of them was touched; --even-many does.")
        )
    if found:
        left = found - mended
        print(f"{found} findings, {mended} mended{'' if repair or not left else '; see --repair'}.")
    return 1 if found > mended else 0
