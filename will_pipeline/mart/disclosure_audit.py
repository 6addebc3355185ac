"""The attack on a published mart: subtraction of areas, linear programming, two releases together.

What the mart counts comes from `published_counts`; here it is asked whether what was withheld can
be worked out again, and every cell that can is a finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.indicators.protection import Relation
from will_pipeline.indicators.specification import LEAST_RESIDENTS
from will_pipeline.mart.disclosure_groups import crosses, lay_out, small_groups
from will_pipeline.mart.published_counts import (
    COUNT,
    DENOMINATOR,
    MUNICIPALITY,
    NUMERATOR,
    Frame,
    Tables,
    published_frames,
)
from will_pipeline.statistics.recovery import Contradiction, recoverable_ranges

Floats = NDArray[np.float64]
LEAST_CANDIDATES = 8
"""Counts that must stay possible for a withheld cell; all of them where fewer persons live there.
Regole deontologiche ask for three; eight leave room for what an attacker knows besides."""
HALF_A_DECIMAL = 0.05
SLACK = 1e-6
BELOW_FLOOR, SUBTRACTED, BOUNDED, EARLIER = "sotto_soglia", "sottrazione", "intervallo", "prima"
BLOCKING = (BELOW_FLOOR, SUBTRACTED, BOUNDED)
"""Kinds that the new release could still keep; what an earlier one told cannot be taken back."""
_BLOCK = ("pro_com", "tabella", "voce")


@dataclass(frozen=True)
class Finding:
    """One thing that was kept and that the publication gives back.

    Attributes:
        kind: published for an area under the floor (`sotto_soglia`), a small group left by
            subtracting areas (`sottrazione`), a cell with too few possible counts (`intervallo`),
            or one that an earlier release tells (`prima`).
        table: table that gives it back.
        what: column and what it counts.
        area: area of the cell; for a group, the areas added and subtracted.
        lower: least that it can be, persons.
        upper: most that it can be, persons.
    """

    kind: str
    table: str
    what: str
    area: str
    lower: float
    upper: float


@dataclass(frozen=True)
class Audit:
    """What the attack tried and what it found.

    Attributes:
        releases: numbers of the releases attacked together, the newest first.
        floor: residents under which an area keeps its counts to itself.
        cells: cells by `tabella`, `misura` and `livello`: `pubblicate`, `trattenute`.
        attacked: withheld counts that were bounded from the numbers around them.
        narrowest: possible counts left for the most exposed of them; none where none is withheld.
        stand_ins: withheld estimates that come back, and are the city's mean for those residents:
            they tell nothing of the area.
        unsettled: cities and items whose published numbers contradict each other.
        crossing: differences that look like small groups and are of no group, since areas cross.
        findings: everything that was given back.
    """

    releases: tuple[str, ...]
    floor: int
    cells: pl.DataFrame
    attacked: int = 0
    narrowest: float | None = None
    stand_ins: int = 0
    unsettled: tuple[str, ...] = ()
    crossing: int = 0
    findings: tuple[Finding, ...] = ()


@dataclass
class _Tally:
    attacked: int = 0
    widths: list[float] = field(default_factory=list)
    stand_ins: int = 0
    unsettled: list[str] = field(default_factory=list)
    crossing: int = 0
    findings: list[Finding] = field(default_factory=list)


def audit_mart(
    tables: Tables,
    earlier: Tables | None = None,
    *,
    floor: int | None = None,
    exact: pl.DataFrame | None = None,
) -> Audit:
    """Attack everything that a mart publishes, alone or together with an earlier release.

    Args:
        tables: tables of the mart by name; see `published_counts.NEEDED`.
        earlier: those of an earlier release, whose numbers an attacker has kept.
        floor: residents under which areas keep their counts; by default that of the indicators.
        exact: `area_id` and counts by ISTAT's codes, also those that are not published, which tell
            groups from differences of areas that cross; without them every difference is a group.

    Returns:
        What was tried and found; no findings where nothing comes back.

    Source:
        Hundepool, A. et al. (2012), Statistical Disclosure Control, Wiley, chapter 4.
    """
    frames, least = published_frames(tables), _floor(tables) if floor is None else floor
    before = {} if earlier is None else {each.name: each for each in published_frames(earlier)}
    tally = _Tally()
    for each in frames:
        # Exact counts are those of the areas of `dim_area`; areas of a later census do not cross.
        _attack_frame(each, before.get(each.name), least, None if each.name else exact, tally)
    cells = pl.concat((each.cells for each in frames), how="vertical_relaxed")
    counted = (
        cells.group_by("tabella", "misura", "livello")
        .agg(pubblicate=pl.col("valore").is_not_null().sum(), trattenute=pl.col("trattenuto").sum())
        .filter(pl.col("pubblicate") + pl.col("trattenute") > 0)
        .sort("tabella", "misura", "livello")
    )
    return Audit(
        releases=tuple(_release(each) for each in (tables, earlier) if each is not None),
        floor=least,
        cells=counted,
        attacked=tally.attacked,
        narrowest=min(tally.widths, default=None),
        stand_ins=tally.stand_ins,
        unsettled=tuple(tally.unsettled),
        crossing=tally.crossing,
        findings=tuple(dict.fromkeys(tally.findings)),
    )


def _attack_frame(
    now: Frame, then: Frame | None, floor: int, exact: pl.DataFrame | None, tally: _Tally
) -> None:
    tally.findings += _below_floor(now.cells, floor)
    _subtract(now, floor, exact, tally)
    if then is not None:
        tally.findings += _between_editions(now, then, floor)
    sums = _level_sums(now.areas)
    for _, block in now.cells.group_by(_BLOCK, maintain_order=True):
        _bound(block, None if then is None else then.cells, sums, tally)


def _release(tables: Tables) -> str:
    return dict(tables["mart_info"].select("chiave", "valore").iter_rows())["rilascio"]


def _floor(tables: Tables) -> int:
    floors = tables["dim_indicatore"]["soglia_riservatezza"]
    above = floors.filter(floors > 0)
    return int(above.min() or LEAST_RESIDENTS)  # type: ignore[arg-type]


def _below_floor(cells: pl.DataFrame, floor: int) -> Iterator[Finding]:
    """Numbers that an area with too few residents publishes all the same."""
    small = cells.filter(
        (pl.col("livello") != MUNICIPALITY)
        & (pl.col("residenti") < floor)
        & (pl.col("valore") > 0)
        & (pl.col("natura") == COUNT)
    )
    for row in small.iter_rows(named=True):
        yield _finding(BELOW_FLOOR, row, row["valore"], row["valore"])


def _finding(kind: str, row: Mapping[str, object], lower: float, upper: float) -> Finding:
    what = f"{row['misura']} di {row['voce']}"
    return Finding(kind, str(row["tabella"]), what, str(row["area_id"]), lower, upper)


def _subtract(now: Frame, floor: int, exact: pl.DataFrame | None, tally: _Tally) -> None:
    known = lay_out(now.areas, now.cells)
    for group in small_groups(known, floor=floor):
        if exact is not None and crosses(group, known.areas, exact):
            tally.crossing += 1
        else:
            tally.findings.append(_of_group(group, known.areas, now.table))


def _of_group(group: Relation, names: Sequence[str], table: str) -> Finding:
    upper = " + ".join(names[place] for place in group.upper)
    lower = " − ".join(names[place] for place in group.lower)
    return Finding(
        SUBTRACTED,
        table,
        "conteggi del gruppo",
        f"{upper} − {lower}",
        group.residents,
        group.residents,
    )


def _between_editions(now: Frame, then: Frame, floor: int) -> Iterator[Finding]:
    """Small groups between areas of two releases that are not drawn the same way."""
    moved = then.areas.join(now.areas, on=["area_id", "residenti"], how="anti")
    drawn = moved.filter(pl.col("livello") != MUNICIPALITY)
    for level in sorted(drawn["livello"].unique()):
        fresh = now.areas.filter(pl.col("livello").is_in([MUNICIPALITY, level]))
        # Areas of the earlier release stand in as the other level, which subtraction compares.
        old = drawn.filter(pl.col("livello") == level).with_columns(
            livello=pl.lit("A" if level == "Q" else "Q"),
            area_id=pl.format("{} (prima)", "area_id"),
        )
        told = then.cells.with_columns(area_id=pl.format("{} (prima)", "area_id"))
        known = lay_out(pl.concat([fresh, old]), pl.concat([now.cells, told]))
        for group in small_groups(known, floor=floor):
            finding = _of_group(group, known.areas, now.table)
            if "(prima)" in finding.area:
                yield finding


def _level_sums(areas: pl.DataFrame) -> dict[str, set[str]]:
    """Levels of every city whose areas cover it: their counts add up to the city's."""
    whole = areas.filter(pl.col("livello") == MUNICIPALITY).select("pro_com", city="residenti")
    parts = areas.filter(pl.col("livello") != MUNICIPALITY)
    covered = (
        parts.group_by("pro_com", "livello")
        .agg(pl.col("residenti").sum())
        .join(whole, on="pro_com")
        .filter(pl.col("residenti") == pl.col("city"))
    )
    levels: dict[str, set[str]] = {}
    for city, level in covered.select("pro_com", "livello").iter_rows():
        levels.setdefault(city, set()).add(level)
    return levels


def _bound(
    block: pl.DataFrame, before: pl.DataFrame | None, levels: Mapping[str, set[str]], tally: _Tally
) -> None:
    """Bound the withheld cells of one city and item, with what an earlier release told of them."""
    for nature, own in block.group_by("natura", maintain_order=True):
        if not own["trattenuto"].any():
            continue
        merged = own if before is None else _with_earlier(own, before)
        covered = levels.get(own["pro_com"][0], set())
        # Where the two releases contradict each other, the new one is attacked alone.
        for attempt in [merged, own] if merged is not own else [own]:
            try:
                _attack(attempt, covered, tally, exact=nature == (COUNT,))
            except Contradiction:
                continue
            break
        else:
            tally.unsettled.append(f"{own['pro_com'][0]}: {own['tabella'][0]}, {own['voce'][0]}")


def _with_earlier(own: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    told = before.select("tabella", "misura", "voce", "area_id", "residenti", was="valore")
    keys = ["tabella", "misura", "voce", "area_id", "residenti"]
    return own.join(told, on=keys, how="left", maintain_order="left").with_columns(
        valore=pl.coalesce("valore", "was")
    )


def _attack(own: pl.DataFrame, covered: set[str], tally: _Tally, *, exact: bool) -> None:
    measures = own["misura"].unique(maintain_order=True).to_list()
    wide = own.pivot(on="misura", index=["area_id", "livello", "residenti"], values="valore")
    values = wide.select(measures).to_numpy().astype(np.float64)
    residents = wide["residenti"].to_numpy().astype(np.float64)
    persons = ~np.any(values > residents[:, None], axis=0)
    ceilings = np.where(persons[None, :], residents[:, None], np.inf)
    level = wide["livello"].to_list()
    sums = [
        (level.index(MUNICIPALITY), [k for k, name in enumerate(level) if name == part])
        for part in sorted(covered)
        if MUNICIPALITY in level and part in level
    ]
    pair = (NUMERATOR, DENOMINATOR)
    ordered = (
        [(measures.index(pair[0]), measures.index(pair[1]))]
        if exact and set(pair) <= set(measures) and _ordered(values, measures)
        else []
    )
    ranges = recoverable_ranges(
        values, ceilings, sums, within=ordered, rounding=0.0 if exact else HALF_A_DECIMAL
    )
    places = {area: k for k, area in enumerate(wide["area_id"])}
    for row in own.filter("trattenuto").iter_rows(named=True):
        at = places[row["area_id"]], measures.index(row["misura"])
        _judge(row, (ranges.lower[at], ranges.upper[at]), wide, tally, exact=exact)


def _ordered(values: Floats, measures: list[str]) -> bool:
    part, whole = values[:, measures.index(NUMERATOR)], values[:, measures.index(DENOMINATOR)]
    return not bool((part > whole).any())


def _judge(
    row: Mapping[str, object],
    ends: tuple[float, float],
    wide: pl.DataFrame,
    tally: _Tally,
    *,
    exact: bool,
) -> None:
    lower, upper = float(ends[0]), float(ends[1])
    residents = float(row["residenti"])  # type: ignore[arg-type]
    if row.get("was") is not None:
        tally.findings.append(_finding(EARLIER, row, lower, upper))
        return
    wanted = min(LEAST_CANDIDATES, residents)
    if exact:
        tally.attacked += 1
        tally.widths.append(upper - lower)
    if upper - lower >= wanted - SLACK:
        return
    if not exact and _stands_in(row, (lower, upper), wide):
        tally.stand_ins += 1
        return
    tally.findings.append(_finding(BOUNDED, row, lower, upper))


def _stands_in(row: Mapping[str, object], ends: tuple[float, float], wide: pl.DataFrame) -> bool:
    """Whether an estimate that comes back is just the city's rate times the residents."""
    city = wide.filter(pl.col("livello") == MUNICIPALITY)
    if city.is_empty() or city[str(row["misura"])][0] is None:
        return False
    share = float(row["residenti"]) / float(city["residenti"][0])  # type: ignore[arg-type]
    made = float(city[str(row["misura"])][0]) * share
    return ends[0] - HALF_A_DECIMAL <= made <= ends[1] + HALF_A_DECIMAL
