"""Keeps the catalogues: `python -m backend.catalogues extract|update|compile|check`.

- `extract` writes `locales/messages.pot` from the Python sources (by Babel) and the app's sources
  (by Svelte's own parser, in `pwa/build-tools/extract-messages.ts`).
- `update` brings the three `messages.po` to that: new texts empty, texts no longer used gone.
- `compile` writes what the app is built with, keyed by a short hash of the msgid: a JSON a
  language and part of the app, and the service worker's few texts.
- `check` says what is wrong with file and text, and exits with 1.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from backend.i18n import LANGUAGES, Language

ROOT: Final = Path(__file__).resolve().parent.parent
APP: Final = "pwa/src/"
WORKER: Final = "pwa/src/service-worker/"
# Texts that only these folders show come in a catalogue of their own, with the first such screen.
# `pwa/src/routes/+layout.ts` knows which routes want which.
PARTS: Final[dict[str, tuple[str, ...]]] = {
    "case": (
        "pwa/src/routes/(resident)/report/",
        "pwa/src/routes/(resident)/reports/",
        "pwa/src/lib/questions/",
        "pwa/src/lib/voice/",
        *(
            f"pwa/src/lib/thread/{name}"
            for name in (
                "CaseSummary.svelte",
                "ComposerBar.svelte",
                "Conversation.svelte",
                "DecisionSheet.svelte",
                "EventLine.svelte",
                "MessageBubble.svelte",
                "Moderation.svelte",
                "MoveSheet.svelte",
                "PartsLine.svelte",
                "PhotoButtons.svelte",
                "PhotoGrid.svelte",
                "PhotoViewer.svelte",
                "decisionWords.ts",
                "eventWords.ts",
                "moveWords.ts",
                "photoRefusals.ts",
            )
        ),
    ),
    "work": (
        "pwa/src/routes/head/",
        "pwa/src/routes/desk/",
        "pwa/src/routes/ward/audit/",
        "pwa/src/lib/desk/",
    ),
    "call": ("pwa/src/routes/call/",),
    "ward": ("pwa/src/routes/ward/",),
    "guest": ("pwa/src/routes/track/", "pwa/src/lib/guest/"),
    "crisis": ("pwa/src/lib/crisis/",),
    "account": ("pwa/src/routes/join/", "pwa/src/routes/(resident)/me/"),
}
GENERATED: Final = ROOT / "pwa/src/lib/i18n/generated"

# Babel gives Persian one form where CLDR has two, so the rules are written down here.
PLURAL_FORMS: Final[dict[Language, tuple[int, str]]] = {
    "vi": (1, "0"),
    "fa": (2, "(n > 1)"),
    "en": (2, "(n != 1)"),
}
_PYTHON_KEYWORDS: Final[dict[str, tuple[int, ...] | None]] = {
    "_": None,
    "N_": None,
    "gettext": (2,),
    "ngettext": (2, 3),
    "ngettext_": (1, 2),
}
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}")
# RFC 4648 §5
_BASE64URL: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class ExtractionError(Exception):
    """A text that cannot be read from the sources; the message names file and line."""


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """One text in the sources. `plural` is empty for a text that is not counted."""

    msgid: str
    plural: str = ""


@dataclass(slots=True)
class Sources:
    """All texts of the sources, each with the files (relative, POSIX) that show it."""

    files: dict[Found, set[str]] = field(default_factory=dict)

    def add(self, found: Found, file: str) -> None:
        self.files.setdefault(found, set()).add(file)


def key_of(msgid: str) -> str:
    """The short key of a text in the app's catalogue: 24 bits as 4 characters of base64url.

    FNV-1a over UTF-16 code units with a final mix, exactly as `keyOf` in
    `pwa/src/lib/i18n/key.ts` computes it.
    """
    value = 0x811C9DC5
    units = msgid.encode("utf-16-le")
    for low, high in zip(units[::2], units[1::2], strict=True):
        value = ((value ^ (low | high << 8)) * 0x01000193) & 0xFFFFFFFF
    value = ((value ^ (value >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    value = (value ^ (value >> 13)) & 0xFFFFFF
    return "".join(_BASE64URL[value >> shift & 63] for shift in (18, 12, 6, 0))


def read_sources() -> Sources:
    """Reads every text people see from Python and from the app.

    Raises ExtractionError when a call's text is not written out literally.
    """
    sources = Sources()
    for folder in ("backend", "media_store"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for found in _texts_of_python(path):
                sources.add(found, path.relative_to(ROOT).as_posix())
    for found, file in _texts_of_app():
        sources.add(found, file)
    _refuse_two_readings(sources)
    return sources


def _texts_of_python(path: Path) -> Iterator[Found]:
    for _line, text, _comments, _context in extract_from_file(
        "python", path, keywords=_PYTHON_KEYWORDS
    ):
        if isinstance(text, str):
            yield Found(text)
        else:
            yield Found(*text[:2])


def _texts_of_app() -> Iterator[tuple[Found, str]]:
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if node is None:
        raise ExtractionError("node is not installed, and it reads the app's sources")
    run = subprocess.run(  # noqa: S603 - our own script, no input from outside
        [node, "build-tools/extract-messages.ts"],
        cwd=ROOT / "pwa",
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        raise ExtractionError(run.stderr.strip())
    for text in json.loads(run.stdout):
        yield Found(text["msgid"], text["plural"]), f"pwa/{text['file']}"


def _refuse_two_readings(sources: Sources) -> None:
    plurals: dict[str, Found] = {}
    for found, files in sources.files.items():
        other = plurals.setdefault(found.msgid, found)
        if other != found:
            where = ", ".join(sorted(files | sources.files[other]))
            raise ExtractionError(f"{where}: “{found.msgid}” is used with two different plurals")


def template(sources: Sources) -> Catalog:
    """The `.pot` of the sources, sorted. No line numbers or dates: it changes only with texts."""
    catalog = Catalog(project="khupho", fuzzy=False)
    for found in sorted(sources.files):
        catalog.add(
            (found.msgid, found.plural) if found.plural else found.msgid,
            locations=[(file, 0) for file in sorted(sources.files[found])],
        )
    return catalog


def as_text(catalog: Catalog, language: Language | None = None) -> str:
    """`catalog` as a PO file, with a header that says only what never changes by itself."""
    file = io.BytesIO()
    write_po(file, catalog, width=0, omit_header=True, include_lineno=False, sort_output=True)
    header = ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"]
    header += ["Content-Transfer-Encoding: 8bit"]
    if language:
        forms, rule = PLURAL_FORMS[language]
        header += [f"Language: {language}", f"Plural-Forms: nplurals={forms}; plural={rule};"]
    lines = "".join(f'"{line}\\n"\n' for line in header)
    return f'msgid ""\nmsgstr ""\n{lines}\n{file.getvalue().decode()}'


def pot_path() -> Path:
    return ROOT / "locales/messages.pot"


def po_path(language: Language) -> Path:
    return ROOT / "locales" / language / "LC_MESSAGES/messages.po"


def read_catalogue(language: Language) -> Catalog:
    """The catalogue as it is in the tree; empty when there is none yet."""
    path = po_path(language)
    if not path.exists():
        return empty_catalogue(language)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def empty_catalogue(language: Language) -> Catalog:
    """A catalogue with our plural forms: Babel's for Persian would drop the second."""
    forms, rule = PLURAL_FORMS[language]
    header = f'msgid ""\nmsgstr "Plural-Forms: nplurals={forms}; plural={rule};\\n"\n'
    return read_po(io.BytesIO(header.encode()), locale=language)


def texts_of(message: Message) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The message's ids (one, or singular and plural) and its translations, in the file's order."""
    ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
    strings = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return ids, strings


def extract() -> None:
    _write(pot_path(), as_text(template(read_sources())))


def update() -> None:
    """Brings every catalogue to what the sources hold. English is its own translation."""
    wanted = template(read_sources())
    _write(pot_path(), as_text(wanted))
    for language in LANGUAGES:
        old = read_catalogue(language)
        forms, _rule = PLURAL_FORMS[language]
        fresh = empty_catalogue(language)
        for message in wanted:
            if not message.id:
                continue
            ids, _ = texts_of(message)
            known = old.get(ids[0])
            strings = texts_of(known)[1] if known else ()
            if language == "en" and not any(strings):
                strings = ids
            if len(ids) == 1:
                fresh.add(ids[0], strings[0] if strings else "", locations=message.locations)
            else:
                filled = (*strings, "", "")[:forms]
                fresh.add(ids, filled, locations=message.locations)
        _write(po_path(language), as_text(fresh, language))


def compile_() -> None:
    """Writes the app's catalogues. Needs only the `.po` files, no node and no sources."""
    worker: dict[str, object] = {}
    for language in LANGUAGES:
        parts = compiled(read_catalogue(language), language)
        worker[language] = _packed(language, parts.pop("worker"))
        for part, texts in parts.items():
            name = f"{language}.{part}" if part else language
            _write(GENERATED / f"{name}.json", _as_json(_packed(name, texts)))
    _write(GENERATED / "worker.json", _as_json(worker))


Texts = dict[str, str | list[str]]


def compiled(catalogue: Catalog, language: Language) -> dict[str, Texts]:
    """The app's texts by part: the first load's (`""`), those of `PARTS`, and the `worker`'s.

    Key → text, or forms in CLDR's order. What would read as its own msgid is left out: the app
    falls back to that. Raises ValueError when two texts have one key.
    """
    keys: dict[str, str] = {}
    parts: dict[str, Texts] = {part: {} for part in ("", *PARTS, "worker")}
    for message in sorted(catalogue, key=lambda one: texts_of(one)[0]):
        ids, strings = texts_of(message)
        files = [file for file, _line in message.locations if file.startswith(APP)]
        if not ids[0] or not files:
            continue
        key = key_of(ids[0])
        if keys.setdefault(key, ids[0]) != ids[0]:
            raise ValueError(f"“{ids[0]}” and “{keys[key]}” have the same key {key}: reword one")
        if not strings or not all(strings) or (language == "en" and strings == ids):
            continue
        for part in _parts_of(files):
            parts[part][key] = strings[0] if len(ids) == 1 else list(strings)
    return parts


def _parts_of(files: Iterable[str]) -> set[str]:
    shown = {
        "worker"
        if file.startswith(WORKER)
        else next((part for part, folders in PARTS.items() if file.startswith(folders)), "")
        for file in files
    }
    # Whoever has a part has the first load's texts, too.
    return shown & {"", "worker"} if "" in shown else shown


def _packed(name: str, texts: Texts) -> dict[str, object]:
    """A catalogue as the phone fetches it: all keys in one text, and the texts in the same order.

    Like texts stand together. With keys as JSON names it would weigh a tenth more. The name keeps
    two empty catalogues from being the same file.
    """
    keys = sorted(texts, key=lambda key: (str(texts[key]), key))
    return {"name": name, "keys": "".join(keys), "texts": [texts[key] for key in keys]}


def problems() -> Iterator[str]:
    """Everything that makes the catalogues unfit to ship, one sentence each."""
    try:
        wanted = template(read_sources())
    except ExtractionError as error:
        yield str(error)
        return
    current = as_text(wanted)
    if not pot_path().exists() or pot_path().read_text(encoding="utf-8") != current:
        yield "locales/messages.pot is out of date: run `just i18n`"
    for language in LANGUAGES:
        yield from problems_of(read_catalogue(language), wanted, language)


def problems_of(catalogue: Catalog, wanted: Catalog, language: Language) -> Iterator[str]:
    """What is wrong with one language's catalogue, beside what the sources want."""
    where = po_path(language).relative_to(ROOT)
    forms, _rule = PLURAL_FORMS[language]
    if catalogue.num_plurals != forms:
        yield f"{where}: has {catalogue.num_plurals} plural forms, {language} has {forms}"
    for message in wanted:
        ids, _ = texts_of(message)
        if not ids[0]:
            continue
        known = catalogue.get(ids[0])
        if known is None or not all(strings := texts_of(known)[1]) or known.fuzzy:
            yield f"{where}: “{ids[0]}” is not translated"
            continue
        if texts_of(known)[0] != ids:
            yield f"{where}: “{ids[0]}” has another plural in the sources"
        yield from (f"{where}: {problem}" for problem in _placeholder_problems(ids, strings))
    used = {texts_of(message)[0][0] for message in wanted}
    for message in catalogue:
        if texts_of(message)[0][0] not in used:
            yield f"{where}: “{texts_of(message)[0][0]}” is no longer used"
    for msgid in catalogue.obsolete:
        yield f"{where}: “{msgid}” is no longer used"
    try:
        compiled(wanted, language)
    except ValueError as error:
        yield str(error)


def _placeholder_problems(ids: tuple[str, ...], strings: tuple[str, ...]) -> Iterator[str]:
    allowed = {place for text in ids for place in _PLACEHOLDER.findall(text)}
    # "1 photo" may leave the number out; what both forms of the English name, no form may lose.
    needed = set.intersection(*(set(_PLACEHOLDER.findall(text)) for text in ids))
    for text in strings:
        places = set(_PLACEHOLDER.findall(text))
        if not needed <= places <= allowed:
            wrong = ", ".join(sorted((needed - places) | (places - allowed)))
            yield f"“{ids[0]}” and its translation “{text}” differ in {wrong}"


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def main(arguments: Iterable[str]) -> int:
    """Runs one of the four commands; 0 when all is well."""
    match list(arguments):
        case ["extract"]:
            extract()
        case ["update"]:
            update()
        case ["compile"]:
            compile_()
        case ["check"]:
            found = list(problems())
            sys.stderr.writelines(f"{problem}\n" for problem in found)
            return 1 if found else 0
        case _:
            sys.stderr.write("usage: python -m backend.catalogues extract|update|compile|check\n")
            return 2
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (ExtractionError, ValueError) as error:
        sys.exit(str(error))
