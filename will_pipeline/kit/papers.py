"""The papers of a table: an A3 poster per need and the A4 sheet of who leads it, as tagged PDF.

What belongs here is what stands on each paper; sentences and maps are made beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from weasyprint import HTML, Document

from will_pipeline.atlas.model import Area, Score, Theme
from will_pipeline.atlas.words import between, list_words
from will_pipeline.italian import number
from will_pipeline.kit import maps, sentences
from will_pipeline.kit.town import Town

TEMPLATES = Path(__file__).parent / "templates"
PDF_VARIANT = "pdf/ua-1"
SPACES = (
    ("Conferma", "Che cosa ritroviamo di quello che dicono i dati?"),
    ("Contraddice", "Che cosa vediamo di diverso, e dove?"),
    ("Integra", "Che cosa manca? Chi c'è già, e che cosa fa?"),
    ("Propone", "Che cosa si può fare insieme, e chi comincia?"),
)
"""Space to write for each outcome of the response workbook."""
OUTCOMES = (
    "conferma (è così), contraddice (non è così), integra (c'è dell'altro), propone (si può fare)"
)
AGENDA = (
    ("15", "Chi siamo e come si leggono i manifesti.", "Tutti sanno che cosa vuol dire 100."),
    ("40", "Ogni gruppo sta davanti a un manifesto e scrive.", "Che cosa conferma e contraddice."),
    ("20", "I gruppi cambiano manifesto e aggiungono.", "Che cosa manca e chi c'è già."),
    ("30", "Insieme: le voci che contraddicono i dati.", "Le domande da approfondire."),
    ("15", "Si sceglie che cosa proporre, e chi comincia.", "Le proposte con un nome di ente."),
)
WORDS = (
    "Il colore parla dell'area, non delle persone che ci vivono.",
    "«Non si distingue» non vuol dire uguale: la differenza può essere un caso.",
    "Le persone stimate sono una stima: nessuno le ha contate.",
    "Un'area senza indice può avere bisogno: i dati non bastano per dirlo.",
)
_SCHEMATIC_HEIGHT, _MAP_HEIGHT = 90, 138
SCALES = (1.0, 0.94, 0.88, 0.82, 0.76, 0.7)
"""Sizes of the text of a poster, from the one wanted to the least that a wall can bear."""


def posters(town: Town) -> dict[str, bytes]:
    """Make the posters of a city.

    Args:
        town: the city.

    Returns:
        One A3 PDF per need by file name, tagged (PDF/UA-1), titled, in Italian.
    """
    return {
        f"manifesto_{place}_{theme.key}.pdf": _on_one_page(_poster(town, theme))
        for place, theme in enumerate(town.themes, start=1)
    }


def facilitator_sheet(town: Town, *, slug: str, workbook: str) -> dict[str, bytes]:
    """Make the sheet of who leads the table.

    Args:
        town: the city.
        slug: name of the city as commands take it.
        workbook: name of the file of the response workbook.

    Returns:
        One A4 PDF by its name.
    """
    document = _laid_out(
        "facilitator.html",
        town=town,
        slug=slug,
        workbook=workbook,
        agenda=AGENDA,
        needs=[(theme, _counts(town, theme)) for theme in town.themes],
        words=WORDS,
        outcomes=OUTCOMES,
    )
    return {"scheda_di_chi_guida.pdf": _written(document)}


def _poster(town: Town, theme: Theme) -> Mapping[str, object]:
    scores = town.scores(theme)
    told = [*sentences.picture(scores), sentences.persons(persons_of(town, theme))]
    if theme.partial:
        told.insert(0, sentences.PARTIAL)
    level = town.level
    drawing = sentences.NO_SHAPES
    if level.box:
        told.insert(0, sentences.SCHEME if level.schematic else sentences.MAP)
        drawing = Markup(maps.svg_map(level.box, scores, title=alternative(town, theme)))  # noqa: S704
    years = sorted({score.value.year for _, score in scores if score.value is not None})
    return {
        "town": town,
        "theme": theme,
        "drawing": drawing,
        "map_height": _SCHEMATIC_HEIGHT if level.schematic else _MAP_HEIGHT,
        "legend": maps.LEGEND,
        "swatch": lambda mark: Markup(maps.svg_swatch(mark)),  # noqa: S704
        "told": told,
        "questions": town.questions.get(theme.key, ()),
        "spaces": SPACES,
        "year": list_words([str(year) for year in years]) or "–",
        "rows": [_row(area, score) for area, score in scores],
        "space_height": 50,
        "footer": sentences.NOT_PEOPLE,
    }


def alternative(town: Town, theme: Theme) -> str:
    """Text in the place of the drawing, for who cannot see it."""
    told = " ".join(sentences.picture(town.scores(theme)))
    return f"{theme.name}, {town.name}, {town.level.title.lower()}. {told}"


def persons_of(town: Town, theme: Theme) -> Mapping[str, object] | None:
    """Row of the persons estimated in a need in the whole city; none where there is no estimate."""
    whole = town.city.whole
    rows = () if whole is None else whole.collective.persons
    return next((row for row in rows if row["dimensione"] == theme.key), None)


def _row(area: Area, score: Score) -> tuple[str, str, str, str]:
    """Name with the code that the map shows, index, interval and reading of an area."""
    name, code = str(area.row["nome"]), area.row["codice"]
    value = score.value
    told = sentences.row_reading(score)
    named = name if code is None or str(code) in name else f"{name} ({code})"
    if value is None:
        return named, "–", "–", told
    interval = between(value.low, value.high).removeprefix("tra ")
    return named, number(value.index, 1), interval, told


def _counts(town: Town, theme: Theme) -> list[int]:
    readings = [
        "" if score.value is None else score.value.reading for _, score in town.scores(theme)
    ]
    return [readings.count(each) for each in ("sopra", "sotto", "non_distinguibile", "")]


def _on_one_page(values: Mapping[str, object]) -> bytes:
    """Render a poster with the largest text that keeps it on one page."""
    documents = (_laid_out("poster.html", scale=scale, **values) for scale in SCALES)
    for document in documents:
        if len(document.pages) == 1:
            break
    return _written(document)


def _laid_out(template: str, **values: object) -> Document:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    page = environment.get_template(template).render(**values)
    # No address is followed: everything a paper shows is in its own text.
    return HTML(string=page, url_fetcher=_nothing).render(pdf_variant=PDF_VARIANT)


def _written(document: Document) -> bytes:
    title = str(document.metadata.title or "")
    identifier = hashlib.sha256(title.encode()).digest()[:16]
    return bytes(document.write_pdf(pdf_identifier=identifier, pdf_variant=PDF_VARIANT))


def _nothing(address: str) -> dict[str, object]:
    raise ValueError(f"the papers of a table ask for no address: {address}")
