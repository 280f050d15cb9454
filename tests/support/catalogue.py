"""The catalogues of texts: what sources and templates say, compared with what the catalogues translate.

`python -m tests.support.catalogue` brings the `.po` files up to date, keeps what is translated, and compiles them.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation import template

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "pools" / "locale"
LANGUAGES = ("de", "ar")
_SOURCES = ("pools/hosted", "identity/forms.py")
_TEMPLATES = ("templates/ui", "templates/hosted")
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
# Lines of a catalogue's header that would hold placeholders, or change at every update.
_OF_NOBODY = re.compile(r'"(Report-Msgid-Bugs-To|PO-Revision-Date|Last-Translator|Language-Team): .*\n')


def file_of(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    with file_of(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    written = io.BytesIO()
    write_mo(written, catalogue)
    return written.getvalue()


def said() -> Catalog:
    """Every text of the pages, in English, with the files that say it."""
    catalogue = Catalog(project="Gatehouse", charset="utf-8")
    for file in _files():
        source = file.read_text()
        if file.suffix == ".html":
            # What is no text becomes words that mean nothing; their indentation would have to.
            source = "\n".join(line.strip() for line in template.templatize(source, origin=str(file)).splitlines())
        found = extract("python", io.BytesIO(source.encode()), _KEYWORDS, ("Translators:",))
        for _, text, comments, context in found:
            # No line numbers: a change elsewhere in a file would change the catalogues.
            catalogue.add(text, locations=[(str(file.relative_to(ROOT)), 0)], auto_comments=comments, context=context)
    return catalogue


def texts(catalogue: Catalog) -> list[Message]:
    """Its messages without the header."""
    return [message for message in catalogue if message.id]


def _files() -> list[Path]:
    found = [ROOT / name for name in _SOURCES if name.endswith(".py")]
    for folder in (*_SOURCES, *_TEMPLATES):
        found += [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).rglob("*.html")]
    return sorted(found)


def _new(language: str) -> Catalog:
    return Catalog(locale=language, project="Gatehouse", header_comment="# The texts of the hosted pages.", fuzzy=False)


def update(language: str) -> Catalog:
    file = file_of(language)
    file.parent.mkdir(parents=True, exist_ok=True)
    catalogue = read(language) if file.exists() else _new(language)
    created = catalogue.creation_date
    catalogue.update(said(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.creation_date = created
    return catalogue


def write(language: str, catalogue: Catalog) -> None:
    written = io.BytesIO()
    write_po(written, catalogue, width=120, include_lineno=False, sort_output=True)
    file_of(language).write_text(_OF_NOBODY.sub("", written.getvalue().decode()))
    file_of(language).with_suffix(".mo").write_bytes(compiled(read(language)))


def missing(catalogue: Catalog) -> list[str]:
    """The texts that are not translated, or not in every form that the language has for numbers."""
    return [
        str(message.id)
        for message in texts(catalogue)
        if message.fuzzy or not all(message.string if isinstance(message.string, tuple) else (message.string,))
    ]


if __name__ == "__main__":
    settings.configure()
    for language in LANGUAGES:
        catalogue = update(language)
        write(language, catalogue)
        print(f"{language}: {len(catalogue)} texts, not translated: {missing(catalogue)}")
