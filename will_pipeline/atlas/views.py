"""From the tables of the mart to the records the pages show.

Selection, joining and wording by area; nothing is estimated, filled or reordered by need.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from will_pipeline.atlas import collective, drawing, words
from will_pipeline.atlas.collective import CollectiveTables, kept_sources
from will_pipeline.atlas.model import (
    Area,
    Atlas,
    City,
    Coverage,
    IndicatorGroup,
    IndicatorLine,
    Level,
    Profile,
    Row,
    Score,
    Shape,
    Theme,
    Value,
)

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "dim_comune": ("pro_com", "nome", "sigla", "regione", "popolazione", "popolazione_anno"),
    "dim_area": (
        "area_id", "pro_com", "livello", "codice", "nome", "edizione_confini", "popolazione",
        "famiglie", "residuale", "in_graduatoria", "fonte_id",
    ),
    "area_geometria": (
        "area_id", "riquadro", "path_svg", "etichetta_x", "etichetta_y", "schematica",
    ),
    "dim_dimensione": (
        "dimensione", "nome", "name_en", "domanda", "descrizione", "cosa_non_dice", "ordine",
        "parziale", "motivo_parziale",
    ),
    "dim_indicatore": (
        "indicatore_id", "nome", "nome_breve", "dimensione", "ruolo", "comparabilita", "unita",
        "polarita", "tipo", "formula", "come_si_legge", "cosa_non_dice", "metodo",
        "soglia_riservatezza", "decimali",
    ),
    "fatto_indicatore": (
        "area_id", "indicatore_id", "anno", "gruppo", "valore", "numeratore", "denominatore",
        "ic_inf", "ic_sup", "stato", "affidabilita", "anno_struttura", "valore_comune", "lettura",
        "nota", "fonte_id",
    ),
    "fatto_indice": (
        "area_id", "dimensione", "anno", "metodo", "indice", "ic_inf", "ic_sup", "rango_min",
        "rango_max", "n_aree", "classe", "parziale",
    ),
    "dim_profilo": (
        "profilo_id", "etichetta", "descrizione", "domande_per_il_tavolo", "esplorativo",
    ),
    "fatto_profilo": (
        "area_id", "anno", "modello", "profilo_id", "appartenenza", "secondo_profilo_id", "motivo",
    ),
    "dim_fonte": (
        "fonte_id", "titolo", "ente", "url", "licenza", "licenza_uri", "attribuzione",
        "data_riferimento", "scaricato_il", "sha256", "byte", "aggiornata", "problemi_noti",
    ),
    "controllo": ("controllo", "oggetto", "esito", "gravita", "messaggio"),
    "mart_info": ("chiave", "valore", "descrizione"),
}  # fmt: skip

LEVELS = (
    ("Q", "Quartieri", "quartiere", "quartieri"),
    ("A", "Aree di censimento", "area di censimento", "aree-di-censimento"),
)
ROLE_ORDER = {"persone": 0, "indice": 1, "esposizione": 2, "contesto": 3}
WITHHELD = frozenset({"soppresso", "soppresso_secondario"})
LABEL_SHARE = 0.94
"""Share of the free width of a shape that its label may take."""
WIDEST_FIGURE = "100,0"
PUBLISHED_MODEL = "regola"
SMALL = "area troppo piccola per una graduatoria"

_SAFE_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._@-]*")


def build_atlas(tables: Mapping[str, pl.DataFrame], *, release: str) -> Atlas:
    """Gather what the pages show.

    Args:
        tables: tables of the mart by name, with at least the columns of `REQUIRED`.
        release: number of the release.

    Returns:
        Cities in alphabetical order, areas in the order of their codes, the latest year of every
        number.

    Raises:
        ValueError: a table or column is absent, an identifier cannot be an address, a row refers
            to something that is not there, or the areas of one drawing disagree on its box.
    """
    _check(tables)
    return _Builder(tables, release).atlas()


def slug(name: str) -> str:
    """Make the address of a city from its name: ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def _check(tables: Mapping[str, pl.DataFrame]) -> None:
    for table, columns in {**REQUIRED, **collective.REQUIRED}.items():
        if table not in tables:
            raise ValueError(f"Atlante: manca la tabella {table}.")
        missing = [column for column in columns if column not in tables[table].columns]
        if missing:
            raise ValueError(f"Atlante: alla tabella {table} mancano {', '.join(missing)}.")
    for area_id in tables["dim_area"]["area_id"].to_list():
        if not isinstance(area_id, str) or not _SAFE_ID.fullmatch(area_id):
            raise ValueError(f"Atlante: identificativo di area non ammesso {area_id!r}.")


def _rows(table: pl.DataFrame, *order: str) -> list[dict[str, object]]:
    return table.sort(*order, nulls_last=True).to_dicts()


def _latest(rows: Sequence[Row], *key: str) -> dict[tuple[object, ...], Row]:
    """Last row by key of rows sorted by year."""
    return {tuple(row[column] for column in key): row for row in rows}


class _Builder:
    """Indices over the tables, so that every area is put together by look-ups."""

    def __init__(self, tables: Mapping[str, pl.DataFrame], release: str) -> None:
        self.tables = tables
        self.release = release
        within = tables["dim_indicatore"].filter(
            (pl.col("ruolo") == "indice") & (pl.col("comparabilita") == "entro_comune")
        )["dimensione"]
        self.themes = tuple(
            _theme(row, comparable=row["dimensione"] not in set(within))
            for row in _rows(tables["dim_dimensione"], "ordine", "dimensione")
        )
        self.cards = {
            str(row["indicatore_id"]): row for row in _rows(tables["dim_indicatore"], "nome")
        }
        self.sources = {str(row["fonte_id"]): row for row in _rows(tables["dim_fonte"], "titolo")}
        self.profiles = {str(row["profilo_id"]): row for row in tables["dim_profilo"].to_dicts()}
        self.scores = _latest(
            _rows(tables["fatto_indice"], "anno"), "area_id", "dimensione", "metodo"
        )
        by_rule = tables["fatto_profilo"].filter(pl.col("modello") == PUBLISHED_MODEL)
        self.profile_facts = _latest(_rows(by_rule, "anno"), "area_id")
        self.shapes = _latest(_rows(tables["area_geometria"], "area_id"), "area_id")
        self.facts = self._facts_by_area()
        self.collective = CollectiveTables(tables, [theme.key for theme in self.themes])
        entering = tables["dim_indicatore"].filter(pl.col("ruolo") == "indice")
        self.floor = int(_number(entering["soglia_riservatezza"].min() or 0))

    def atlas(self) -> Atlas:
        slugs: dict[str, str] = {}
        cities = _rows(self.tables["dim_comune"], "nome", "pro_com")
        for row in cities:
            name = slug(str(row["nome"]))
            taken = name in slugs.values() or not name
            slugs[str(row["pro_com"])] = f"{name}-{row['pro_com']}".strip("-") if taken else name
        return Atlas(
            release=self.release,
            themes=self.themes,
            cities=tuple(self._city(row, slugs[str(row["pro_com"])]) for row in cities),
            sources=tuple(self.sources.values()),
            checks=tuple(
                sorted(
                    _rows(self.tables["controllo"], "oggetto", "controllo"),
                    key=lambda row: row["esito"] == "superato",
                )
            ),
            info=tuple(self.tables["mart_info"].to_dicts()),
            indicators=tuple(self.cards.values()),
            years=tuple(str(year) for year in sorted(set(self.tables["fatto_indice"]["anno"]))),
        )

    def _facts_by_area(self) -> dict[str, list[Row]]:
        totals = self.tables["fatto_indicatore"].filter(pl.col("gruppo") == "totale")
        latest = _latest(_rows(totals, "anno"), "area_id", "indicatore_id")
        facts: dict[str, list[Row]] = defaultdict(list)
        for (area_id, indicator), row in latest.items():
            if indicator not in self.cards:
                raise ValueError(f"Atlante: l'indicatore {indicator} non è in dim_indicatore.")
            if str(row["fonte_id"]) not in self.sources:
                raise ValueError(f"Atlante: la fonte {row['fonte_id']} non è in dim_fonte.")
            facts[str(area_id)].append(row)
        return facts

    def _city(self, row: Row, address: str) -> City:
        areas = self.tables["dim_area"].filter(pl.col("pro_com") == row["pro_com"])
        whole = areas.filter(pl.col("livello") == "C").to_dicts()
        levels = tuple(
            self._level(group, *level)
            for level in LEVELS
            if not (group := areas.filter(pl.col("livello") == level[0])).is_empty()
        )
        shown = [area for level in levels for area in level.areas]
        return City(
            row=row,
            address=f"citta/{address}.html",
            levels=levels,
            whole=self._area(whole[0]) if whole else None,
            coverage=self._coverage([str(area.row["area_id"]) for area in shown]),
            theme_areas={
                theme.key: sum(area.scores[number].value is not None for area in shown)
                for number, theme in enumerate(self.themes)
            },
            actions=self.collective.city(str(row["pro_com"])),
            kept=kept_sources(self.sources, str(row["pro_com"]), ()),
        )

    def _coverage(self, area_ids: Sequence[str]) -> Coverage:
        states = [str(row["stato"]) for area in area_ids for row in self.facts.get(area, ())]
        return Coverage(
            published=states.count("valido"),
            withheld=sum(state in WITHHELD for state in states),
            missing=states.count("non_disponibile"),
        )

    def _level(
        self, group: pl.DataFrame, key: str, title: str, singular: str, anchor: str
    ) -> Level:
        areas = tuple(self._area(row) for row in _rows(group, "codice", "area_id"))
        shapes = [
            shape
            for area in areas
            if (shape := self.shapes.get((area.row["area_id"],))) is not None
        ]
        boxes = sorted({str(shape["riquadro"]) for shape in shapes})
        if len(boxes) > 1:
            raise ValueError(
                f"Atlante: le aree {key} di {areas[0].row['pro_com']} hanno riquadri diversi."
            )
        return Level(
            key=key,
            title=title,
            singular=singular,
            anchor=anchor,
            box=boxes[0] if boxes else "",
            schematic=any(bool(shape["schematica"]) for shape in shapes),
            areas=areas,
            scales=tuple(drawing.scale(_ends(areas, place)) for place in range(len(self.themes))),
            size=len(areas),
        )

    def _area(self, row: Row) -> Area:
        area_id = str(row["area_id"])
        facts = self.facts.get(area_id, [])
        profile = self._profile(area_id)
        if profile is not None and profile.reason and self._under_floor(row):
            profile = replace(profile, reason=words.under_floor(self.floor))
        reason = "" if row["in_graduatoria"] else self._small_reason(row, profile)
        told = self.collective.area(area_id)
        return Area(
            row=row,
            address=f"area/{area_id}.html",
            scores=tuple(self._score(row, theme, facts, reason) for theme in self.themes),
            groups=self._groups(facts),
            profile=profile,
            shape=self._shape(row),
            small_reason="" if row["livello"] == "C" else reason,
            collective=told,
            kept=kept_sources(
                self.sources, str(row["pro_com"]), [*facts, *told.places, *told.absent]
            ),
            under_floor=self._under_floor(row),
        )

    def _small_reason(self, row: Row, profile: Profile | None) -> str:
        if self._under_floor(row):
            return words.under_floor(self.floor)
        return (profile and profile.reason) or SMALL

    def _under_floor(self, row: Row) -> bool:
        return row["livello"] != "C" and _number(row["popolazione"]) < self.floor

    def _score(self, row: Row, theme: Theme, facts: Sequence[Row], small: str) -> Score:
        value = self._value(row["area_id"], theme, "ampi_citta")
        pool = self._value(row["area_id"], theme, "ampi") if theme.comparable else None
        if value is not None:
            return Score(theme, "valido", "", value, pool)
        states = {
            str(fact["stato"])
            for fact in facts
            if self.cards[str(fact["indicatore_id"])]["dimensione"] == theme.key
            and self.cards[str(fact["indicatore_id"])]["ruolo"] == "indice"
        }
        if states & WITHHELD:
            state = "soppresso" if "soppresso" in states else "soppresso_secondario"
            told = small if self._under_floor(row) else words.INDICATOR_STATES[state]
            return Score(theme, "soppresso", told, None, pool)
        if small:
            return Score(theme, "piccola", small, None, pool)
        return Score(theme, "mancante", words.INDICATOR_STATES["non_disponibile"], None, pool)

    def _value(self, area_id: object, theme: Theme, method: str) -> Value | None:
        row = self.scores.get((area_id, theme.key, method))
        if row is None:
            return None
        low, high = _number(row["ic_inf"]), _number(row["ic_sup"])
        return Value(
            index=_number(row["indice"]),
            low=low,
            high=high,
            reading=words.index_reading(low, high),
            class_number=int(_number(row["classe"])),
            first_place=_place(row["rango_min"]),
            last_place=_place(row["rango_max"]),
            ranked=_place(row["n_aree"]),
            partial=bool(row["parziale"]),
            year=int(_number(row["anno"])),
        )

    def _groups(self, facts: Sequence[Row]) -> tuple[IndicatorGroup, ...]:
        lines = [
            IndicatorLine(
                card=self.cards[str(fact["indicatore_id"])],
                fact=fact,
                source_title=str(self.sources[str(fact["fonte_id"])]["titolo"]),
            )
            for fact in facts
        ]
        lines.sort(key=lambda line: (ROLE_ORDER[str(line.card["ruolo"])], str(line.card["nome"])))
        headings = [(theme.key, theme.name) for theme in self.themes]
        groups = [
            IndicatorGroup(
                key, title, tuple(line for line in lines if line.card["dimensione"] == key)
            )
            for key, title in headings
        ]
        rest = tuple(line for line in lines if line.card["dimensione"] is None)
        groups.append(IndicatorGroup("contesto", "Contesto", rest))
        return tuple(group for group in groups if group.lines)

    def _profile(self, area_id: str) -> Profile | None:
        fact = self.profile_facts.get((area_id,))
        if fact is None:
            return None
        row = self.profiles.get(str(fact["profilo_id"]))
        if row is None:
            raise ValueError(f"Atlante: il profilo {fact['profilo_id']} non è in dim_profilo.")
        second = self.profiles.get(str(fact["secondo_profilo_id"]), {})
        membership = fact["appartenenza"]
        return Profile(
            row=row,
            membership=None if membership is None else _number(membership),
            second_label=str(second.get("etichetta", "")),
            reason=str(fact["motivo"] or ""),
        )

    def _shape(self, row: Row) -> Shape | None:
        shape = self.shapes.get((row["area_id"],))
        if shape is None:
            return None
        path = str(shape["path_svg"])
        x, y = _number(shape["etichetta_x"]), _number(shape["etichetta_y"])
        outline = drawing.rings(path)
        code = [] if row["codice"] is None else [str(row["codice"])]

        def room(height: float) -> float:
            return LABEL_SHARE * drawing.free_width(outline, x, y, height)

        lines, letters = drawing.label([str(row["nome"]), *code], room, figure=WIDEST_FIGURE)
        figure = bool(lines)
        if not figure:
            lines, letters = drawing.label(code, room, figure="")
        return Shape(path, x, y, tuple(lines), letters, figure)


def _theme(row: Row, *, comparable: bool) -> Theme:
    return Theme(
        key=str(row["dimensione"]),
        name=str(row["nome"]),
        name_en=str(row["name_en"]),
        question=str(row["domanda"]),
        description=str(row["descrizione"]),
        limits=str(row["cosa_non_dice"]),
        partial=bool(row["parziale"]),
        partial_reason=str(row["motivo_parziale"] or ""),
        comparable=comparable,
    )


def _ends(areas: Sequence[Area], theme: int) -> list[float]:
    values = [value for area in areas if (value := area.scores[theme].value) is not None]
    return [end for value in values for end in (value.low, value.high)]


def _number(value: object) -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"Atlante: atteso un numero, trovato {value!r}.")
    return float(value)


def _place(value: object) -> int | None:
    return None if value is None else int(_number(value))
