"""`khupho check`: what an administrator wants to know before people do."""

from backend import db
from backend.media import service as media
from backend.migrate import pending_migrations
from backend.settings import Settings


async def run_checks(settings: Settings) -> int:
    """Print one line a check; 0 when all is well, else 1."""
    media.open_store(settings)
    try:
        behind = await pending_migrations()
        results = [
            ("database answers", await db.is_answering(), ""),
            ("database is up to date", not behind, "run `khupho migrate`"),
            ("media store answers", await media.is_answering(), "see KHUPHO_MEDIA_URL"),
            ("commits are durable", await _is("synchronous_commit", "on"), "set it to on"),
            (
                "pages have checksums",
                await _is("data_checksums", "on"),
                "run pg_checksums --enable",
            ),
            ("the app is built", (settings.pwa_dir / "index.html").exists(), "run `just build`"),
            ("people reach it over HTTPS", settings.secure, "phones need it for camera and push"),
        ]
    finally:
        await media.close_store()
    for words, fine, advice in results:
        print(f"{'ok  ' if fine else 'BAD '} {words}{'' if fine or not advice else ': ' + advice}")
    advisory = {"people reach it over HTTPS"}
    return 0 if all(fine or words in advisory for words, fine, _ in results) else 1


async def _is(setting: str, wanted: str) -> bool:
    return await db.fetch_value("SELECT current_setting($1)", setting) == wanted
