"""The catalogues: what is extracted, and what the check refuses to ship."""

import io
import json
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from backend import catalogues
from backend.catalogues import ExtractionError, Found, Sources, as_text, compiled, key_of
from backend.i18n import LANGUAGES

ROOT = Path(__file__).parent.parent.parent
SCREEN = "pwa/src/routes/+page.svelte"


def wanted(*texts: str | tuple[str, str]) -> Catalog:
    sources = Sources()
    for text in texts:
        sources.add(Found(text) if isinstance(text, str) else Found(*text), SCREEN)
    return catalogues.template(sources)


def vietnamese(body: str) -> Catalog:
    header = 'msgid ""\nmsgstr "Plural-Forms: nplurals=1; plural=0;\\n"\n\n'
    return read_po(io.BytesIO((header + body).encode()), locale="vi")


def complaints(catalogue: Catalog, template: Catalog) -> str:
    return "\n".join(catalogues.problems_of(catalogue, template, "vi"))


def test_nothing_is_wrong_with_a_complete_catalogue() -> None:
    done = vietnamese(
        'msgid "Photo {n} of {total}"\nmsgstr "Ảnh {n}/{total}"\n\n'
        'msgid "{n} photo"\nmsgid_plural "{n} photos"\nmsgstr[0] "{n} ảnh"\n'
    )
    assert complaints(done, wanted("Photo {n} of {total}", ("{n} photo", "{n} photos"))) == ""


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ('msgid "Read {a}"\nmsgstr ""\n', "is not translated"),
        ('#, fuzzy\nmsgid "Read {a}"\nmsgstr "Đọc {a}"\n', "is not translated"),
        ('msgid "Read {a}"\nmsgstr "Đọc"\n', "differ in {a}"),
        ('msgid "Read {a}"\nmsgstr "Đọc {a} {b}"\n', "differ in {b}"),
        ('msgid "Read {a}"\nmsgstr "Đọc { a}"\n', "differ in { a}, {a}"),
        (
            'msgid "Read {a}"\nmsgstr "Đọc {a}"\n\nmsgid "Old"\nmsgstr "Cũ"\n',
            "“Old” is no longer used",
        ),
        (
            'msgid "Read {a}"\nmsgstr "Đọc {a}"\n\n#~ msgid "Older"\n#~ msgstr "Cũ hơn"\n',
            "“Older” is no longer used",
        ),
    ],
)
def test_an_unfit_translation_is_named(body: str, complaint: str) -> None:
    assert complaint in complaints(vietnamese(body), wanted("Read {a}"))


def test_a_form_for_one_may_leave_the_number_out_but_no_other_place() -> None:
    template = wanted(("One photo of {who}", "{n} photos of {who}"))
    fine = 'msgid "One photo of {who}"\nmsgid_plural "{n} photos of {who}"\n'
    assert complaints(vietnamese(fine + 'msgstr[0] "{n} ảnh của {who}"\n'), template) == ""
    assert "differ in {who}" in complaints(vietnamese(fine + 'msgstr[0] "{n} ảnh"\n'), template)


def test_a_catalogue_with_the_wrong_number_of_plural_forms_is_named() -> None:
    english_rules = read_po(
        io.BytesIO(b'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'),
        locale="vi",
    )
    assert "has 2 plural forms, vi has 1" in complaints(english_rules, wanted())


def test_two_texts_with_one_key_stop_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogues, "key_of", lambda _msgid: "same")
    with pytest.raises(ValueError, match="have the same key same"):
        compiled(wanted("First", "Second"), "vi")


def test_each_part_of_the_app_gets_the_texts_it_shows() -> None:
    sources = Sources()
    sources.add(Found("On a screen"), SCREEN)
    sources.add(Found("In a thread"), "pwa/src/lib/thread/EventLine.svelte")
    sources.add(Found("At the desk"), "pwa/src/routes/desk/+page.svelte")
    sources.add(Found("Of the rules"), "pwa/src/routes/ward/settings/parts/Home.svelte")
    sources.add(Found("At the door"), "pwa/src/routes/join/+page.svelte")
    sources.add(Found("Without an account"), "pwa/src/lib/guest/GuestCard.svelte")
    sources.add(Found("In a flood"), "pwa/src/lib/crisis/words.ts")
    sources.add(Found("On the telephone"), "pwa/src/routes/call/+page.svelte")
    sources.add(Found("On both"), SCREEN)
    sources.add(Found("On both"), "pwa/src/routes/head/+page.svelte")
    sources.add(Found("On a locked screen"), "pwa/src/service-worker/notices.ts")
    sources.add(Found("In a problem"), "backend/errors.py")
    catalogue = catalogues.template(sources)
    for message in catalogue:
        message.string = f"vi: {message.id}"
    assert compiled(catalogue, "vi") == {
        "": {
            key_of("On a screen"): "vi: On a screen",
            key_of("On both"): "vi: On both",
        },
        "case": {key_of("In a thread"): "vi: In a thread"},
        "guest": {key_of("Without an account"): "vi: Without an account"},
        "work": {key_of("At the desk"): "vi: At the desk"},
        "ward": {key_of("Of the rules"): "vi: Of the rules"},
        "crisis": {key_of("In a flood"): "vi: In a flood"},
        "call": {key_of("On the telephone"): "vi: On the telephone"},
        "account": {key_of("At the door"): "vi: At the door"},
        "worker": {key_of("On a locked screen"): "vi: On a locked screen"},
    }


def test_english_carries_only_what_differs_from_its_msgid() -> None:
    catalogue = wanted("Same", "Other")
    for message in catalogue:
        message.string = "Same" if message.id == "Same" else "Another"
    assert compiled(catalogue, "en")[""] == {key_of("Other"): "Another"}


def test_one_text_with_two_plurals_is_refused_with_its_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "backend").mkdir()
    (tmp_path / "media_store").mkdir()
    (tmp_path / "backend/a.py").write_text('ngettext_("{n} day", "{n} days")\n_("{n} day")\n')
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    monkeypatch.setattr(catalogues, "_texts_of_app", lambda: iter(()))
    with pytest.raises(ExtractionError, match=r"backend/a\.py: “{n} day”"):
        catalogues.read_sources()


def test_python_texts_are_found_by_their_markers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "backend").mkdir()
    (tmp_path / "media_store").mkdir()
    (tmp_path / "backend/a.py").write_text(
        'x = _("Marked")\ny = N_(\n    "Over "\n    "two lines"\n)\n'
        'gettext(language, "Said at once", name=name)\n'
        'ngettext(language, "{n} day", "{n} days", n)\n# _("In a comment")\n'
    )
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    monkeypatch.setattr(catalogues, "_texts_of_app", lambda: iter(()))
    assert set(catalogues.read_sources().files) == {
        Found("Marked"),
        Found("Over two lines"),
        Found("Said at once"),
        Found("{n} day", "{n} days"),
    }


def test_a_written_catalogue_is_read_back_the_same() -> None:
    template = wanted("It's “quoted”: {a}\nand a second line", ("{n} day", "{n} days"))
    read = read_po(io.BytesIO(as_text(template, "fa").encode()), locale="fa")
    assert {message.id for message in read if message.id} == {
        message.id for message in template if message.id
    }
    assert read.num_plurals == 2


def test_server_and_phone_compute_the_same_keys() -> None:
    vectors = json.loads((ROOT / "tests/vectors/message_keys.json").read_text(encoding="utf-8"))
    assert {msgid: key_of(msgid) for msgid in vectors} == vectors


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_translation_fills_exactly_the_places_of_its_text(language: str) -> None:
    """The texts as they stand in the tree, whatever is still untranslated."""
    catalogue = catalogues.read_catalogue(language)  # type: ignore[arg-type]
    wrong = [
        problem
        for message in catalogue
        if all(catalogues.texts_of(message)[1])
        for problem in catalogues._placeholder_problems(*catalogues.texts_of(message))
    ]
    assert wrong == []
