"""Pages of the indicators, in Italian: one per indicator, with its plot, and their index.

Everything is read from the published tables; nothing is estimated here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

import polars as pl

from will_pipeline.atlas.words import TIERS, number
from will_pipeline.documentation.strip_plot import Strip, strip_plot
from will_pipeline.indicators.goalposts import BASE_EDITION
from will_pipeline.indicators.quality import counts_persons
from will_pipeline.indicators.vintages import UNAVAILABLE_WORDS

TABLES = (
    "dim_comune",
    "dim_area",
    "dim_dimensione",
    "dim_indicatore",
    "dim_fonte",
    "fatto_indicatore",
    "qualita_indicatore",
)
INDEX_PAGE = "README.md"
COMMAND = "python -m will_pipeline.documentation"
GENERAL = "Contesto generale"
DRAWN_LEVEL = "A"
INDEX_ROLE = "indice"
SCALE = (
    f"La scala degli indici è fissata nell'edizione {BASE_EDITION}. Cambia solo con una base "
    "nuova, o con un modo nuovo di stimare sugli stessi dati. Dalla prima edizione (2011) è "
    "cambiato questo: i tassi a parità di età hanno intervalli per proporzioni, che coprono quanto "
    "promettono; le aree accanto a un piccolo gruppo dividono con lui i conteggi, per riservatezza."
)
ROLES = {
    "indice": "entra nell'indice del bisogno",
    "persone": "stima le persone nella condizione",
    "esposizione": "popolazione a cui si guarda, non un bisogno",
    "contesto": "contesto, non entra negli indici",
}
DIRECTIONS = {
    1: "valori alti, più bisogno",
    -1: "valori bassi, più bisogno",
    0: "nessuna: alto o basso non vuol dire più o meno bisogno",
}
COMPARISONS = {"tra_comuni": "anche fra comuni diversi", "entro_comune": "solo dentro un comune"}
CRITERIA = {
    "rilevanza": "Rilevanza",
    "accuratezza": "Accuratezza",
    "tempestivita": "Tempestività",
    "comparabilita": "Comparabilità",
    "coerenza": "Coerenza",
}
SHOWN_DECIMALS = {"%": 1}
SINGULAR = {"anni": "anno", "comuni": "comune"}


def indicator_pages(tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """Make the pages from the published tables.

    Args:
        tables: the tables named in `TABLES`.

    Returns:
        Text of `<id>.md` and `<id>.svg` of every indicator and of the index, by file name.

    Raises:
        KeyError: a table is not given.
    """
    given = {name: tables[name] for name in TABLES}
    themes = {
        str(row["dimensione"]): str(row["nome"])
        for row in given["dim_dimensione"].sort("ordine").iter_rows(named=True)
    }
    cards = given["dim_indicatore"].sort("indicatore_id").to_dicts()
    pages: dict[str, str] = {}
    for card in cards:
        name = str(card["indicatore_id"])
        facts = _latest(given["fatto_indicatore"].filter(pl.col("indicatore_id") == name))
        strips = _strips(given, facts)
        shown = _drawable(strips, card)
        if _has_values(shown):
            pages[f"{name}.svg"] = strip_plot(
                shown,
                title=f"{card['nome']}: i valori nelle città",
                unit=str(card["unita"]),
            )
        pages[f"{name}.md"] = _page(given, card, facts, strips, theme=_theme(card, themes))
    pages[INDEX_PAGE] = _index(cards, themes)
    return pages


def _latest(facts: pl.DataFrame) -> pl.DataFrame:
    totals = facts.filter(pl.col("gruppo") == "totale")
    return totals.filter(pl.col("anno") == totals["anno"].max())


def _strips(tables: Mapping[str, pl.DataFrame], facts: pl.DataFrame) -> list[Strip]:
    placed = facts.filter(pl.col("stato") == "valido").join(
        tables["dim_area"].select("area_id", "pro_com", "livello"), on="area_id"
    )
    return [
        Strip(
            name=str(city["nome"]),
            values=tuple(_values(placed, city["pro_com"], DRAWN_LEVEL)),
            whole=next(iter(_values(placed, city["pro_com"], "C")), None),
        )
        for city in tables["dim_comune"].sort("nome", "pro_com").iter_rows(named=True)
    ]


def _has_values(strips: Sequence[Strip]) -> bool:
    return any(strip.values or strip.whole is not None for strip in strips)


def _drawable(strips: Sequence[Strip], card: Mapping[str, object]) -> list[Strip]:
    # Persons of a whole city would squeeze those of its areas against the axis.
    counted = counts_persons(card) and any(strip.values for strip in strips)
    return [replace(strip, whole=None) if counted else strip for strip in strips]


def _values(placed: pl.DataFrame, city: object, level: str) -> list[float]:
    own = placed.filter((pl.col("pro_com") == city) & (pl.col("livello") == level))
    return own["valore"].sort().to_list()


def _theme(card: Mapping[str, object], themes: Mapping[str, str]) -> str:
    return themes[str(card["dimensione"])] if card["dimensione"] else GENERAL


def _page(
    tables: Mapping[str, pl.DataFrame],
    card: Mapping[str, object],
    facts: pl.DataFrame,
    strips: Sequence[Strip],
    *,
    theme: str,
) -> str:
    parts = [
        f"# {card['nome']}",
        f"{card['come_si_legge']}",
        _table(("", ""), _identity(card, facts, theme)),
        "## Formula",
        f"`{card['formula']}`",
        *_formulas(card),
    ]
    definitions = [
        f"- {title}: {card[column]}."
        for title, column in (
            ("Numeratore", "numeratore_def"),
            ("Denominatore", "denominatore_def"),
        )
        if card[column]
    ]
    if definitions:
        parts.append("\n".join(definitions))
    parts += [
        "## Come si calcola",
        f"{card['metodo']}",
        "## Che cosa non dice",
        f"{card['cosa_non_dice']}",
        "## Fonti",
        _sources(tables["dim_fonte"], facts),
        "## I valori nelle città",
        *_distribution(card, strips),
        "## Qualità",
        _quality(tables["qualita_indicatore"], card, facts),
        f"---\n\nPagina generata con `{COMMAND}`: non si modifica a mano. "
        f"[Tutti gli indicatori]({INDEX_PAGE})",
    ]
    return _joined(parts)


def _identity(
    card: Mapping[str, object], facts: pl.DataFrame, theme: str
) -> Sequence[Sequence[str]]:
    floor = card["soglia_riservatezza"]
    rows: list[tuple[str, str]] = [
        ("Codice", f"`{card['indicatore_id']}`"),
        ("Bisogno", theme),
        ("Ruolo", ROLES[str(card["ruolo"])]),
        ("Unità", str(card["unita"])),
        ("Natura", f"{TIERS[str(card['tipo'])]} (`{card['tipo']}`)"),
        ("Direzione", DIRECTIONS[int(str(card["polarita"]))]),
        ("Confronto", COMPARISONS[str(card["comparabilita"])]),
        ("Annata", _vintage(facts)),
    ]
    if card["ruolo"] == INDEX_ROLE:
        rows.append(("Scala dell'indice", f"fissata, edizione {BASE_EDITION}"))
    if floor:
        rows.append(("Riservatezza", f"non si pubblica sotto {number(int(str(floor)))} residenti"))
    return rows


def _formulas(card: Mapping[str, object]) -> list[str]:
    told = card["formule_annate"]
    if not told:
        return []
    rows = [each.split(": ", maxsplit=1) for each in str(told).split("; ")]
    return [
        "Nelle annate del censimento, con i codici di ciascuna:",
        _table(("Annata", "Formula"), [(years, _code(formula)) for years, formula in rows]),
    ]


def _code(formula: str) -> str:
    return formula if formula == UNAVAILABLE_WORDS else f"`{formula}`"


def _vintage(facts: pl.DataFrame) -> str:
    if facts.is_empty():
        return "nessun dato in questo rilascio"
    year = facts["anno"][0]
    structures = sorted(set(facts["anno_struttura"]) - {year})
    if not structures:
        return f"{year}"
    return f"livello del {year}, struttura del {', '.join(str(each) for each in structures)}"


def _sources(sources: pl.DataFrame, facts: pl.DataFrame) -> str:
    used = sources.filter(pl.col("fonte_id").is_in(facts["fonte_id"].unique().implode()))
    lines = [
        f"- {row['titolo']} ({row['ente']}), {row['data_riferimento']}. "
        f"Licenza [{row['licenza']}]({row['licenza_uri']}). <{row['url']}>"
        for row in used.sort("fonte_id").iter_rows(named=True)
    ]
    return "\n".join(lines) or "Nessuna fonte in questo rilascio."


def _distribution(card: Mapping[str, object], strips: Sequence[Strip]) -> list[str]:
    if not _has_values(strips):
        return ["In questo rilascio nessuna area ha un valore."]
    decimals = int(str(card["decimali"]))
    rows = [
        (
            strip.name,
            number(strip.whole, decimals),
            number(len(strip.values)),
            number(median(strip.values) if strip.values else None, decimals),
            number(min(strip.values, default=None), decimals),
            number(max(strip.values, default=None), decimals),
        )
        for strip in strips
    ]
    heading = ("Città", "Città intera", "Aree", "Mediana delle aree", "Più basso", "Più alto")
    name = card["indicatore_id"]
    return [
        f"![I valori nelle città]({name}.svg)",
        "Le aree sono quelle di censimento con un valore pubblicato; le città sono in ordine "
        f"alfabetico. Unità: {card['unita']}.",
        _table(heading, rows),
    ]


def _quality(rows: pl.DataFrame, card: Mapping[str, object], facts: pl.DataFrame) -> str:
    own = rows.filter(pl.col("indicatore_id") == card["indicatore_id"])
    if not facts.is_empty():
        own = own.filter(pl.col("anno") == facts["anno"][0])
    order = {criterion: place for place, criterion in enumerate(CRITERIA)}
    return _table(
        ("Criterio", "Misura", "Valore", "Che cosa dice"),
        [
            (
                CRITERIA[str(row["criterio"])],
                f"`{row['misura']}`",
                _measured(row["valore"], row["unita"]),
                str(row["testo"]),
            )
            for row in sorted(
                own.to_dicts(), key=lambda row: (order[row["criterio"]], row["misura"])
            )
        ],
    )


def _measured(value: float | None, unit: str | None) -> str:
    if value is None or unit is None:
        return "–"
    noun = SINGULAR.get(unit, unit) if value == 1 else unit
    return f"{number(value, SHOWN_DECIMALS.get(unit, 0))} {noun}"


def _index(cards: Sequence[Mapping[str, object]], themes: Mapping[str, str]) -> str:
    parts = [
        "# Gli indicatori, uno per uno",
        "Ogni pagina dice formula, fonte, annata, natura e limiti di un indicatore, come si legge, "
        "i suoi valori nelle otto città e il rapporto di qualità.",
        SCALE,
    ]
    for theme in (*themes.values(), GENERAL):
        own = [card for card in cards if _theme(card, themes) == theme]
        if not own:
            continue
        parts += [
            f"## {theme}",
            _table(
                ("Indicatore", "Ruolo", "Unità", "Natura"),
                [
                    (
                        f"[{card['nome']}]({card['indicatore_id']}.md)",
                        ROLES[str(card["ruolo"])],
                        str(card["unita"]),
                        TIERS[str(card["tipo"])],
                    )
                    for card in own
                ],
            ),
        ]
    parts.append(f"---\n\nPagine generate con `{COMMAND}`: non si modificano a mano.")
    return _joined(parts)


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(part.strip() for part in parts) + "\n"
