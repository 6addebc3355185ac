"""The atlas as a set of static files that open from a disk, without a server.

Rendering and its fingerprint live here; what is shown is decided in `views`, how in `templates`.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

import polars as pl
from jinja2 import Environment

from will_pipeline.atlas import drawing, lookups, weights, words
from will_pipeline.atlas.model import Atlas
from will_pipeline.atlas.printing import print_sheets
from will_pipeline.atlas.sheet import sheet_path, sheets
from will_pipeline.atlas.templating import TEMPLATES, template_environment
from will_pipeline.atlas.views import build_atlas
from will_pipeline.indicators.goalposts import load_frozen
from will_pipeline.italian import number

PACKAGE = Path(__file__).parent
FONTS = ("titillium-web-400.woff2", "titillium-web-700.woff2", "OFL.txt")
ASSETS = ("stile.css", "atlante.js", "cerca.js", "confronta.js", "pesi.js")
SINGLE_PAGES = {
    "index.html": "home.html",
    "cerca.html": "search.html",
    "confronta.html": "compare.html",
    "pesi.html": "weights.html",
    "metodo.html": "method.html",
    "fonti.html": "sources.html",
    "stato.html": "status.html",
    "en/index.html": "english.html",
}


def render_atlas(
    tables: Mapping[str, pl.DataFrame],
    *,
    release: str,
    with_sheets: bool = False,
    workers: int | None = None,
) -> dict[str, bytes]:
    """Render every page of the atlas.

    Args:
        tables: tables of the mart by name, as in the contracts (see `views.REQUIRED`).
        release: number of the release, written on every page.
        with_sheets: whether every area has its printed sheet, which takes most of the time.
        workers: processes that print the sheets (see `printing.print_sheets`).

    Returns:
        Content of every file by relative path: the pages of `SINGLE_PAGES`, citta/<slug>.html,
        area/<area_id>.html, the assets and the data of the scripts, and schede/<area_id>.pdf where
        wanted. The same tables always give the same bytes.

    Raises:
        ValueError: the tables do not hold what the pages need (see `views.build_atlas`), or a sheet
            does not fit its two sides.
    """
    atlas = build_atlas(tables, release=release)
    environment = _environment(atlas)
    environment.globals["with_sheets"] = with_sheets
    pages: dict[str, bytes] = {name: (TEMPLATES / name).read_bytes() for name in ASSETS}
    pages |= {f"fonts/{name}": (PACKAGE / "fonts" / name).read_bytes() for name in FONTS}

    def render(path: str, template: str, **values: object) -> None:
        root = "../" * path.count("/")
        page = environment.get_template(template).render(root=root, path=path, **values)
        pages[path] = page.encode()

    pages["confronto.js"] = lookups.script("confronto", lookups.compared_areas(atlas))
    weighed = weights.weighed_levels(atlas, load_frozen())
    pages["pesi-dati.js"] = lookups.script("pesi", weighed)
    for path, template in SINGLE_PAGES.items():
        render(path, template)
    for city in atlas.cities:
        render(city.address, "city.html", city=city)
        for level in city.levels:
            for place, area in enumerate(level.areas):
                render(
                    area.address,
                    "area.html",
                    city=city,
                    level=level,
                    area=area,
                    before=level.areas[place - 1] if place else None,
                    after=level.areas[place + 1] if place + 1 < len(level.areas) else None,
                )
    if with_sheets:
        pages |= print_sheets(sheet_forms(atlas), workers=workers)
    return dict(sorted(pages.items()))


def sheet_forms(atlas: Atlas, only: str | None = None) -> dict[str, tuple[str, ...]]:
    """The sheets of the areas as pages to print, each in every form that may fit two sides.

    Args:
        atlas: what `views.build_atlas` gives.
        only: identifier of the one area wanted; every area where none is given.

    Returns:
        HTML by path of the PDF, roomiest form first.
    """
    template = _environment(atlas).get_template("scheda.html")
    return {
        sheet_path(area): tuple(
            template.render(sheet=each) for each in sheets(atlas, city, level, area)
        )
        for city in atlas.cities
        for level in city.levels
        for area in level.areas
        if only is None or area.row["area_id"] == only
    }


def _environment(atlas: Atlas) -> Environment:
    environment = template_environment()
    environment.globals.update(
        atlas=atlas,
        info={str(row["chiave"]): row["valore"] for row in atlas.info},
        position=drawing.position,
        ticks=drawing.ticks,
        scale=drawing.scale,
        between=words.between,
        likely_place=words.likely_place,
        count=words.count,
        spoken=words.spoken,
        sentence=words.sentence,
        indicator_reading=words.indicator_reading,
        with_unit=words.with_unit,
        short_unit=words.short_unit,
        readings=words.READINGS,
        states=words.INDICATOR_STATES,
        tiers=words.TIERS,
        outcomes=words.OUTCOMES,
        standing=words.standing,
        nearest=words.nearest,
        profile_caution=words.profile_caution,
        old_sources={str(row["fonte_id"]) for row in atlas.sources if not row["aggiornata"]},
        kind=words.kind,
        sheet_path=sheet_path,
        theme_name={theme.key: theme.name for theme in atlas.themes}.__getitem__,
        people=words.PEOPLE,
        place_name=_place_names(atlas).__getitem__,
    )
    environment.filters.update(
        theme_name=environment.globals["theme_name"],
        number=number,
        day=words.day,
        words=words.list_words,
        href=_address,
        web=_web_address,
        observed=_observed,
    )
    return environment


def _place_names(atlas: Atlas) -> dict[str, str]:
    return {
        str(area.row["area_id"]): f"{area.row['nome']}, {city.row['nome']}"
        for city in atlas.cities
        for level in city.levels
        for area in level.areas
    }


def _address(path: str) -> str:
    return quote(path, safe="/._-~")


def _web_address(text: object) -> str:
    """An address a reader may follow; anything that is not plain http(s) stays text."""
    parts = urlsplit(str(text))
    return str(text) if parts.scheme in {"http", "https"} and parts.netloc else ""


def _observed(fact: Mapping[str, object]) -> str:
    """Numerator and denominator as `512 su 6.480`; decimals only where the count has them."""
    texts = [
        number(value, 0 if float(value).is_integer() else 1)
        for value in (fact["numeratore"], fact["denominatore"])
        if isinstance(value, int | float)
    ]
    return " su ".join(texts)
