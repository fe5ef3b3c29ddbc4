"""Bring every language up to date with the words in the code: make messages.

Without gettext's own programs, which a fresh machine does not have. New words come in untranslated,
and the tests name them; words that are gone are dropped. Staff pages speak English.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "feedback/locale"
LANGUAGES = ("ar", "de", "es", "fr", "pt", "zh_Hans")
KEYWORDS = {"_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
SOURCES = ("feedback/*.py", "templates/*.html", "templates/feedback/**/*.html", "templates/feedback/**/*.txt")
STAFF = ("admin.py",)
NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)  # a date that changes would make every run a change


def main() -> None:
    words = extract()
    for language in LANGUAGES:
        catalog = read(language)
        catalog.update(words, no_fuzzy_matching=True, update_creation_date=False)
        catalog.obsolete.clear()
        path(language).parent.mkdir(parents=True, exist_ok=True)
        with path(language).open("wb") as file:
            write_po(file, catalog, width=110, no_location=True, sort_output=True)
        path(language, "mo").write_bytes(compiled(catalog))
        missing = sum(1 for message in catalog if message.id and not all(strings(message.string)))
        print(f"{language}: {len(catalog)} texts, {missing} to be translated")


def extract() -> Catalog:
    """Return every text that a visitor may read."""
    catalog = Catalog()
    for pattern in SOURCES:
        for source in sorted(ROOT.glob(pattern)):
            if source.name not in STAFF:
                for text in _texts(source):
                    catalog.add(text)
    return catalog


def read(language: str) -> Catalog:
    """Return what is translated so far."""
    if not path(language).exists():
        return _empty(language)
    with path(language).open("rb") as file:
        return read_po(file, locale=language)


def _empty(language: str) -> Catalog:
    catalog = Catalog(language, project="feedback", header_comment="", fuzzy=False)
    catalog.creation_date = catalog.revision_date = NO_DATE
    catalog.version = catalog.last_translator = catalog.language_team = catalog.msgid_bugs_address = ""
    return catalog


def path(language: str, suffix: str = "po") -> Path:
    return FOLDER / language / f"LC_MESSAGES/django.{suffix}"


def compiled(catalog: Catalog) -> bytes:
    buffer = BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def strings(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """Return a text, or all the plural forms of one."""
    return tuple(text) if text and not isinstance(text, str) else (str(text or ""),)


def _texts(source: Path) -> Iterator[str | tuple[str, str]]:
    code = source.read_text()
    if source.suffix != ".py":
        # The calls that Django finds in a template, without the indentation that Python would mind.
        code = "\n".join(line.strip() for line in templatize(code).splitlines())
    for _, _, text, _ in extract_python(BytesIO(code.encode()), KEYWORDS, [], {"encoding": "utf-8"}):
        yield text if isinstance(text, str) else (str(text[0]), str(text[1]))


if __name__ == "__main__":
    main()
