"""Rules of a delivery that span rows and parts, one function per rule named in the templates.

What belongs here is what a single cell cannot show; each function tells the rows at fault.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from will_pipeline.deliveries.areas import WITH_ARTICLE, Areas
from will_pipeline.deliveries.model import Template
from will_pipeline.deliveries.problems import Problem
from will_pipeline.deliveries.validation import Parsed

Parts = Mapping[str, Parsed]
SMALL_AREA_RESIDENTS, FEWEST_PERSONS = 250, 10
FEWEST_AREAS, FEWEST_YEARS_BEFORE = 2, 2
_SHOWN = 5


def check_rules(parts: Parts, template: Template, areas: Areas) -> list[Problem]:
    """Check codes that refer to other parts, then every rule the template names.

    Args:
        parts: parts as read, without problems of their own.
        template: the kind of delivery.
        areas: areas of the municipality.

    Raises:
        KeyError: the template names a rule that is not written here.
    """
    problems = list(_references(parts, template))
    if problems:
        return problems
    for rule in template.rules:
        problems += RULES[rule.name](parts, areas)
    return problems


def _references(parts: Parts, template: Template) -> Iterator[Problem]:
    for part in template.parts:
        for column in part.columns:
            if column.refers_to is None:
                continue
            other, name = column.refers_to.split(".")
            known = {values[name] for _, values in parts[other].rows}
            for number, values in parts[part.name].rows:
                if values[column.name] not in known:
                    rule = f"il codice non c'è in «{other}»."
                    yield parts[part.name].problem(number, column.name, rule)


def _one_level(parts: Parts, areas: Areas) -> Iterator[Problem]:
    first: tuple[str, int] | None = None
    for parsed in parts.values():
        for number, values in parsed.rows:
            area = values.get("area")
            if area is None:
                continue
            level = areas.level[str(area)]
            if first is None:
                first = level, number
            elif level != first[0]:
                rule = (
                    f"è {WITH_ARTICLE[level]}, mentre nella riga {first[1]} c'è "
                    f"{WITH_ARTICLE[first[0]]}: usa aree di un solo tipo."
                )
                yield parsed.problem(number, "area", rule)


def _small_area(parts: Parts, areas: Areas) -> Iterator[Problem]:
    parsed = parts["utenti"]
    for number, values in parsed.rows:
        few = 0 < _whole(values["utenti"]) < FEWEST_PERSONS
        if few and areas.residents[str(values["area"])] < SMALL_AREA_RESIDENTS:
            rule = (
                f"l'area ha meno di {SMALL_AREA_RESIDENTS} residenti e le persone sono meno di "
                f"{FEWEST_PERSONS}: qualcuno si potrebbe riconoscere. Togli la riga."
            )
            yield parsed.problem(number, "utenti", rule)


def _no_more_than_residents(parts: Parts, areas: Areas) -> Iterator[Problem]:
    parsed = parts["utenti"]
    for number, values in parsed.rows:
        residents = areas.residents[str(values["area"])]
        if _whole(values["utenti"]) > residents:
            rule = (
                f"le persone seguite sono più dei residenti dell'area al censimento ({residents})."
            )
            yield parsed.problem(number, "utenti", rule)


def _area_or_coordinates(parts: Parts, areas: Areas) -> Iterator[Problem]:
    parsed = parts["presidi"]
    for number, values in parsed.rows:
        given = [values["lon"] is not None, values["lat"] is not None]
        if any(given) and not all(given):
            yield parsed.problem(number, None, "longitudine e latitudine vanno insieme.")
        elif not any(given) and values["area"] is None:
            yield parsed.problem(number, None, "serve l'area oppure una coppia di coordinate.")


def _complete_measures(parts: Parts, areas: Areas) -> Iterator[Problem]:
    for child, what in (("aree", "aree"), ("serie", "serie")):
        found = {values["misura"] for _, values in parts[child].rows}
        for number, values in parts["elenco"].rows:
            if values["misura"] not in found:
                rule = f"la misura non ha righe in «{what}»."
                yield parts["elenco"].problem(number, "misura", rule)


def _areas_of_comparison(parts: Parts, areas: Areas) -> Iterator[Problem]:
    flags = _grouped(parts["aree"], "misura", "con_misura")
    for number, values in parts["elenco"].rows:
        given = flags[values["misura"]]
        treated = sum(map(bool, given))
        if treated < FEWEST_AREAS or len(given) - treated < FEWEST_AREAS:
            rule = (
                f"le aree con la misura sono {treated} e quelle senza {len(given) - treated}: "
                f"ne servono almeno {FEWEST_AREAS} e {FEWEST_AREAS}."
            )
            yield parts["elenco"].problem(number, "misura", rule)


def _series_without_holes(parts: Parts, areas: Areas) -> Iterator[Problem]:
    involved, series = _grouped(parts["aree"], "misura", "area"), parts["serie"]
    seen: dict[Any, set[tuple[str, int]]] = defaultdict(set)
    for number, values in series.rows:
        area, year = str(values["area"]), _whole(values["anno"])
        seen[values["misura"]].add((area, year))
        if area not in involved[values["misura"]]:
            yield series.problem(number, "area", "l'area non è fra quelle della misura.")
    for number, values in parts["elenco"].rows:
        found = seen[values["misura"]]
        years = [year for _, year in found]
        for area in involved[values["misura"]]:
            holes = [y for y in _span(years) if (str(area), y) not in found]
            if holes:
                rule = "nella serie manca un anno di un'area."
                shown = f"nella serie manca {areas.short(str(area))}, anno {_years(holes)}."
                yield parts["elenco"].problem(number, "misura", rule, shown=shown)


def _years_before_and_after(parts: Parts, areas: Areas) -> Iterator[Problem]:
    years = _grouped(parts["serie"], "misura", "anno")
    for number, values in parts["elenco"].rows:
        start, found = _whole(values["anno_inizio"]), set(years[values["misura"]])
        before = len([year for year in found if _whole(year) < start])
        if before < FEWEST_YEARS_BEFORE or before == len(found):
            rule = (
                f"la serie ha {before} anni prima dell'inizio e {len(found) - before} dopo: "
                f"ne servono almeno {FEWEST_YEARS_BEFORE} e 1."
            )
            yield parts["elenco"].problem(number, "anno_inizio", rule)


def _complete_exercises(parts: Parts, areas: Areas) -> Iterator[Problem]:
    lines = _grouped(parts["aree"], "esercizio", "area")
    for number, values in parts["esercizi"].rows:
        if len(lines[values["esercizio"]]) < FEWEST_AREAS:
            rule = f"l'esercizio ha meno di {FEWEST_AREAS} aree."
            yield parts["esercizi"].problem(number, "esercizio", rule)


def _floors_within_budget(parts: Parts, areas: Areas) -> Iterator[Problem]:
    lines = _grouped(parts["aree"], "esercizio", "area")
    for number, values in parts["esercizi"].rows:
        count = len(lines[values["esercizio"]])
        floor, budget = values["minimo_per_area"], values["totale"]
        if float(str(floor)) * count > float(str(budget)):
            rule = f"il minimo per area, moltiplicato per {count} aree, supera il totale."
            yield parts["esercizi"].problem(number, "minimo_per_area", rule)


def _age_classes(parts: Parts, areas: Areas) -> Iterator[Problem]:
    parsed = parts["residenti"]
    for rows in _ladders(parsed).values():
        expected: int | None = 0
        for number, first, last in rows:
            if expected is None:
                yield parsed.problem(number, "eta_a", "solo l'ultima classe può essere aperta.")
                break
            if first != expected:
                rule = "la classe non parte dove finisce la precedente."
                shown = f"la classe parte da {first}, ma dopo la precedente si parte da {expected}."
                yield parsed.problem(number, "eta_da", rule, shown=shown)
                break
            if last is not None and last < first:
                yield parsed.problem(number, "eta_a", "l'ultima età viene prima della prima.")
                break
            expected = None if last is None else last + 1
        else:
            if expected is not None:
                rule = "l'ultima classe deve essere aperta: lascia vuota l'ultima età."
                yield parsed.problem(rows[-1][0], "eta_a", rule)


def _same_classes(parts: Parts, areas: Areas) -> Iterator[Problem]:
    parsed = parts["residenti"]
    first: list[tuple[int, int | None]] | None = None
    for rows in _ladders(parsed).values():
        classes = [(low, high) for _, low, high in rows]
        if first is None:
            first = classes
        elif classes != first:
            rule = "le classi di età di quest'area, anno e sesso sono diverse dalle altre."
            yield parsed.problem(rows[0][0], None, rule)


def _sexes(parts: Parts, areas: Areas) -> Iterator[Problem]:
    parsed = parts["residenti"]
    found: dict[tuple[Any, Any], dict[Any, int]] = defaultdict(dict)
    for number, values in parsed.rows:
        found[values["area"], values["anno"]].setdefault(values["sesso"], number)
    for sexes in found.values():
        if set(sexes) not in ({"M", "F"}, {"T"}):
            rule = "per ogni area e anno servono M e F, oppure solo T."
            yield parsed.problem(min(sexes.values()), "sesso", rule)


def _ladders(parsed: Parsed) -> dict[Any, list[tuple[int, int, int | None]]]:
    """Row, first and last age of the classes of every area, year and sex, from the youngest."""
    ladders: dict[Any, list[tuple[int, int, int | None]]] = defaultdict(list)
    for number, values in parsed.rows:
        last = values["eta_a"]
        ladders[values["area"], values["anno"], values["sesso"]].append(
            (number, _whole(values["eta_da"]), None if last is None else _whole(last))
        )
    return {key: sorted(rows, key=lambda row: row[1]) for key, rows in ladders.items()}


def _sections_covered(parts: Parts, areas: Areas) -> Iterator[Problem]:
    """Every section of the city once: repetitions are refused by the key."""
    parsed = parts["sezioni"]
    if not areas.sections:
        rule = f"non si conoscono le sezioni di {areas.town}: consegna prima confini_sezioni."
        yield parsed.problem(None, "sezione", rule)
        return
    given = set()
    for number, values in parsed.rows:
        section = _whole(values["sezione"])
        given.add(section)
        if section not in areas.sections:
            rule = f"la sezione non è fra quelle di {areas.town}."
            yield parsed.problem(number, "sezione", rule)
    absent = sorted(areas.sections - given)
    if absent:
        shown = ", ".join(map(str, absent[:_SHOWN])) + (" e altre" if len(absent) > _SHOWN else "")
        yield parsed.problem(None, "sezione", f"mancano {len(absent)} sezioni: {shown}.")


def _areas_with_sections(parts: Parts, areas: Areas) -> Iterator[Problem]:
    used = {values["area"] for _, values in parts["sezioni"].rows}
    for number, values in parts["elenco"].rows:
        if values["area"] not in used:
            yield parts["elenco"].problem(number, "area", "l'area non ha sezioni.")


def _names_apart(parts: Parts, areas: Areas) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for number, values in parts["elenco"].rows:
        name = " ".join(str(values["nome"]).casefold().split())
        if name in first:
            rule = f"il nome è già alla riga {first[name]}."
            yield parts["elenco"].problem(number, "nome", rule)
        first.setdefault(name, number)


def _grouped(parsed: Parsed, by: str, column: str) -> defaultdict[Any, list[Any]]:
    groups: defaultdict[Any, list[Any]] = defaultdict(list)
    for _, values in parsed.rows:
        groups[values[by]].append(values[column])
    return groups


def _span(years: list[int]) -> range:
    return range(min(years), max(years) + 1) if years else range(0)


def _years(years: list[int]) -> str:
    return ", ".join(map(str, years[:3])) + (" e altri" if len(years) > 3 else "")


def _whole(value: object) -> int:
    return int(str(value))


RULES: dict[str, Callable[[Parts, Areas], Iterator[Problem]]] = {
    "un_solo_livello": _one_level,
    "area_piccola": _small_area,
    "non_oltre_i_residenti": _no_more_than_residents,
    "area_o_coordinate": _area_or_coordinates,
    "misura_completa": _complete_measures,
    "aree_di_confronto": _areas_of_comparison,
    "serie_senza_buchi": _series_without_holes,
    "anni_prima_e_dopo": _years_before_and_after,
    "esercizio_completo": _complete_exercises,
    "minimi_entro_il_totale": _floors_within_budget,
    "classi_di_eta": _age_classes,
    "stesse_classi": _same_classes,
    "sessi": _sexes,
    "copertura_completa": _sections_covered,
    "aree_con_sezioni": _areas_with_sections,
    "nomi_diversi": _names_apart,
}
