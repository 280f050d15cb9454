"""The texts of the pages: complete in every language, and compiled."""

from __future__ import annotations

import gettext
import re
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings

from tests.support import catalogue
from tests.support.catalogue import LANGUAGES

_PERCENT = re.compile(r"%(?:\((\w+)\))?[sd]")


@pytest.fixture(scope="module")
def said() -> Catalog:
    return catalogue.said()


def test_the_texts_of_pages_are_found(said: Catalog) -> None:
    """The tests below look at nothing when this fails."""
    ids = {message.id for message in catalogue.texts(said)}
    assert {"Sign in", "Language:", "This form has expired", "Show password"} <= ids


def test_every_language_but_english_has_a_catalogue() -> None:
    assert {code for code, _ in settings.LANGUAGES} == {"en", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(said: Catalog, language: str) -> None:
    translated = catalogue.read(language)
    keys = {(message.id, message.context) for message in catalogue.texts(translated)}
    assert [message.id for message in catalogue.texts(said) if (message.id, message.context) not in keys] == []
    assert catalogue.missing(translated) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_translated_that_nobody_says(said: Catalog, language: str) -> None:
    keys = {(message.id, message.context) for message in catalogue.texts(said)}
    translated = catalogue.texts(catalogue.read(language))
    assert [message.id for message in translated if (message.id, message.context) not in keys] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_placeholders_of_its_text(language: str) -> None:
    wrong = []
    for message in catalogue.texts(catalogue.read(language)):
        texts = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        # The forms for one and two may do without their number.
        allowed = {placeholders(text) for text in texts} | ({frozenset[str]()} if message.pluralizable else set())
        wrong += [string for string in strings if placeholders(str(string)) not in allowed]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_as_many_forms_as_its_language(language: str) -> None:
    translated = catalogue.read(language)
    assert translated.num_plurals == {"de": 2, "ar": 6}[language]
    for message in catalogue.texts(translated):
        if message.pluralizable:
            assert len(message.string) == translated.num_plurals, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_of_its_source(language: str) -> None:
    source = catalogue.read(language)
    with catalogue.file_of(language).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in catalogue.texts(source):
        if message.pluralizable:
            for number, form in enumerate(message.string):
                assert compiled._catalog[message.id[0], number] == form  # type: ignore[attr-defined]
        elif message.context:
            assert compiled.pgettext(message.context, message.id) == message.string
        else:
            assert compiled.gettext(message.id) == message.string


def placeholders(text: str) -> frozenset[str]:
    named = {name for _, name, _, _ in Formatter().parse(text.replace("%", "")) if name is not None}
    return frozenset(named | {match[0] for match in _PERCENT.finditer(text)})
