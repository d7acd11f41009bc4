"""The `khupho` command."""

import argparse
import asyncio
import os
import sys
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from backend.settings import Settings, SettingsError, get_settings

EXIT_WRONG_USE: Final = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point; exits 0, 1 (failed) or 2 (wrong use or settings)."""
    options = _parser().parse_args(arguments)
    try:
        settings = get_settings()
    except SettingsError as error:
        print(f"khupho: {error}", file=sys.stderr)
        sys.exit(EXIT_WRONG_USE)
    sys.exit(options.run(options, settings) or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="khupho", description="A neighbourhood's server.")
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(name: str, run: Callable[..., int | None], words: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=words, description=words)
        command.set_defaults(run=run)
        return command

    start = add("start", _start, "database, server and worker together; prints join links")
    start.add_argument("--no-demo", action="store_true", help="do not fill an empty database")
    add("serve", _serve, "the HTTP server")
    add("worker", _worker, "the worker: photos, notifications, deadlines")
    add("migrate", _migrate, "bring the database up to date")
    demo = add("demo", _demo, "load the demo wards and print join links")
    demo.add_argument("--force", action="store_true", help="even beside real areas")
    demo.add_argument("--unless-real", action="store_true", help="quietly not beside real areas")
    check = add("check", _check, "settings, database, media store: is everything as it should be?")
    check.add_argument("--deep", action="store_true", help="compare all rows with all media files")
    check.add_argument("--repair", action="store_true", help="with --deep: mend what is safe")
    check.add_argument(
        "--even-many", action="store_true", help="with --repair: even when most files are astray"
    )
    _add_backup_commands(add)
    add("openapi", _openapi, "print the API's description (OpenAPI 3.1)")

    audit = commands.add_parser("audit", help="the trail of what was done")
    audit_commands = audit.add_subparsers(required=True)
    verify = audit_commands.add_parser("verify", help="recompute the whole chain of hashes")
    verify.add_argument("--head", help="what `khupho audit head` gave, kept elsewhere since")
    verify.set_defaults(run=_audit_verify)
    head = audit_commands.add_parser("head", help="print the last hash, to be kept elsewhere")
    head.set_defaults(run=_audit_head)

    suggest = commands.add_parser("suggest", help="kinds of problems suggested from words")
    suggest_commands = suggest.add_subparsers(required=True)
    learn = suggest_commands.add_parser("train", help="every ward learns from its reports now")
    learn.set_defaults(run=_suggest_train)
    evaluate = suggest_commands.add_parser("evaluate", help="how good it is on reports held out")
    evaluate.set_defaults(run=_suggest_evaluate)

    areas = commands.add_parser("areas", help="the tree of areas").add_subparsers(required=True)
    load = areas.add_parser("import", help="add or renew areas from a GeoJSON file")
    load.add_argument("file", type=Path)
    load.add_argument("--country", choices=["VN", "IR"], required=True)
    load.add_argument("--level", choices=["city", "ward", "neighbourhood"], help="for all features")
    load.add_argument("--parent", help="code of the parent of features that name none")
    load.add_argument("--code-property", default="code")
    load.add_argument("--name-property", default="name")
    load.set_defaults(run=_import_areas)

    people = commands.add_parser("people", help="the people").add_subparsers(required=True)
    invite = people.add_parser("invite", help="print an invitation link and its QR code")
    invite.add_argument("--area", required=True, help="code of the area")
    invite.add_argument("--role", default="resident", help="resident, head, officer, admin, …")
    invite.add_argument("--department", help="code of the department, for an officer")
    invite.add_argument("--name", help="the person's name")
    invite.set_defaults(run=_invite)
    return parser


def _add_backup_commands(
    add: Callable[[str, Callable[..., int | None], str], argparse.ArgumentParser],
) -> None:
    backup = add("backup", _backup, "save database, photos and secrets; or check such a backup")
    backup.add_argument(
        "place", help="a new .tar file; or a folder or s3://… prefix that holds many backups"
    )
    backup.add_argument("--check", action="store_true", help="verify the backup that is there")
    backup.add_argument("--at", help="with --check: which one of many (default: the newest)")
    backup.add_argument("--every", type=_interval, help="one every 30m, 1h, 1d until stopped")
    backup.add_argument("--keep", type=_positive, help="of many, remove all but the newest so many")
    restore = add("restore", _restore, "put a backup in the place of what is here")
    restore.add_argument("place", help="a .tar file, a folder or an s3://… prefix")
    restore.add_argument("--at", help="which one of many (default: the newest)")
    restore.add_argument("--force", action="store_true", help="even over a database that was used")


def _interval(text: str) -> timedelta:
    from backend.backup.timer import read_interval  # noqa: PLC0415

    return read_interval(text)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def with_database(settings: Settings) -> Settings:
    """The settings with a database address: the given one, or the embedded server's."""
    if settings.database_url is None:
        from backend.embedded import start_embedded  # noqa: PLC0415 - a real server needs none

        os.environ["DATABASE_URL"] = start_embedded(settings.var_dir / "postgres")
        get_settings.cache_clear()
        return get_settings()
    return settings


def _run(settings: Settings, work: Callable[[Settings], Awaitable[int]]) -> int:
    from backend import db  # noqa: PLC0415 - `serve` must not load the pool in its parent

    async def with_pool() -> int:
        ready = with_database(settings)
        await db.open_pool(ready, size=4)
        try:
            return await work(ready)
        finally:
            await db.close_pool()

    return asyncio.run(with_pool())


def _serve(_options: argparse.Namespace, settings: Settings) -> int:
    from backend.server import serve  # noqa: PLC0415

    serve(with_database(settings))
    return 0


def _worker(_options: argparse.Namespace, settings: Settings) -> int:
    from backend.worker import run_worker  # noqa: PLC0415

    asyncio.run(run_worker(with_database(settings)))
    return 0


def _start(options: argparse.Namespace, settings: Settings) -> int:
    from backend.supervisor import supervise  # noqa: PLC0415

    return supervise(with_database(settings), demo=not options.no_demo)


def _migrate(_options: argparse.Namespace, settings: Settings) -> int:
    async def work(_settings: Settings) -> int:
        from backend.migrate import migrate  # noqa: PLC0415

        await migrate()
        print("The database is up to date.")
        return 0

    return _run(settings, work)


def _demo(options: argparse.Namespace, settings: Settings) -> int:
    async def work(_settings: Settings) -> int:
        from backend.demo.links import print_join_links  # noqa: PLC0415
        from backend.demo.load import DemoRefused, load_demo  # noqa: PLC0415
        from backend.migrate import migrate  # noqa: PLC0415

        await migrate()
        try:
            people = await load_demo(force=options.force)
        except DemoRefused as error:
            if options.unless_real:
                return 0
            print(f"khupho: {error}", file=sys.stderr)
            return 1
        await print_join_links(people)
        return 0

    return _run(settings, work)


def _import_areas(options: argparse.Namespace, settings: Settings) -> int:
    async def work(_settings: Settings) -> int:
        from backend.areas.geojson import AreaProperties, BadArea  # noqa: PLC0415
        from backend.areas.service import import_areas  # noqa: PLC0415

        properties = AreaProperties(code=options.code_property, name=options.name_property)
        try:
            drafts = await import_areas(
                options.file.read_bytes(),
                options.country,
                properties=properties,
                level=options.level,
                parent_code=options.parent,
            )
        except (OSError, BadArea) as error:
            print(f"khupho: nothing was imported.\n{error}", file=sys.stderr)
            return 1
        for draft in drafts:
            for repair in draft.repairs:
                print(f"{draft.code} {draft.name}: {repair}")
        print(f"{len(drafts)} areas imported.")
        return 0

    return _run(settings, work)


def _invite(options: argparse.Namespace, settings: Settings) -> int:
    async def work(_settings: Settings) -> int:
        from backend.accounts.service import InvitationImpossible, invite_by_code  # noqa: PLC0415
        from backend.terminal import print_invitation  # noqa: PLC0415

        try:
            invitation = await invite_by_code(
                uuid.uuid4(), options.area, options.role, options.department, options.name
            )
        except InvitationImpossible as error:
            print(f"khupho: {error}", file=sys.stderr)
            return 1
        print_invitation(options.name or options.role, invitation.url)
        return 0

    return _run(settings, work)


def _check(options: argparse.Namespace, settings: Settings) -> int:
    if (options.repair and not options.deep) or (options.even_many and not options.repair):
        print("khupho: --repair goes with --deep, --even-many with --repair", file=sys.stderr)
        return EXIT_WRONG_USE

    async def work(ready: Settings) -> int:
        from backend.checks import run_checks, run_deep_check  # noqa: PLC0415

        if options.deep:
            return await run_deep_check(ready, repair=options.repair, accept_many=options.even_many)
        return await run_checks(ready)

    return _run(settings, work)


def _backup(options: argparse.Namespace, settings: Settings) -> int:
    from backend.backup import command  # noqa: PLC0415

    if options.check:
        return asyncio.run(command.run_backup_check(options.place, options.at))

    async def work(ready: Settings) -> int:
        if options.every:
            return await command.run_backups(ready, options.place, options.every, options.keep)
        return await command.run_backup(ready, options.place, options.keep)

    return _run(settings, work)


def _restore(options: argparse.Namespace, settings: Settings) -> int:
    async def work(ready: Settings) -> int:
        from backend.backup.command import run_restore  # noqa: PLC0415

        return await run_restore(ready, options.place, options.at, options.force)

    return _run(settings, work)


def _audit_verify(options: argparse.Namespace, settings: Settings) -> int:
    from backend.audit.chain import read_head  # noqa: PLC0415

    try:
        kept = read_head(options.head) if options.head else None
    except ValueError:
        print("khupho: --head takes what `khupho audit head` printed", file=sys.stderr)
        return EXIT_WRONG_USE

    async def work(_settings: Settings) -> int:
        from backend.audit.command import run_verify  # noqa: PLC0415

        return await run_verify(kept)

    return _run(settings, work)


def _audit_head(_options: argparse.Namespace, settings: Settings) -> int:
    async def work(_settings: Settings) -> int:
        from backend.audit.command import run_head  # noqa: PLC0415

        return await run_head()

    return _run(settings, work)


def _suggest_train(_options: argparse.Namespace, settings: Settings) -> int:
    async def work(_settings: Settings) -> int:
        from backend.reports.command import run_train  # noqa: PLC0415

        return await run_train()

    return _run(settings, work)


def _suggest_evaluate(_options: argparse.Namespace, settings: Settings) -> int:
    async def work(_settings: Settings) -> int:
        from backend.reports.command import run_evaluate  # noqa: PLC0415

        return await run_evaluate()

    return _run(settings, work)


def _openapi(_options: argparse.Namespace, settings: Settings) -> int:
    from backend.app import create_api  # noqa: PLC0415
    from backend.openapi import render  # noqa: PLC0415

    sys.stdout.write(render(create_api(settings)))
    return 0
