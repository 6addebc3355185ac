"""What the notebooks share: finding a mart, asking it, showing tables and drawing intervals.

Only the tools belong here; what is asked and how it is told stay in the notebooks.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from will_pipeline.atlas.words import number
from will_pipeline.domande.catalogue import ask, load_questions
from will_pipeline.mart.database import DATABASE_FILE
from will_pipeline.mart.opening import NoMart, open_mart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REAL = Path("data", "marts", "latest")
EXAMPLE = Path("data", "marts", "esempio", "latest")
MISSING = "—"
_CODE = re.compile(r"[a-z]+(_[a-z0-9]+)+")
PROJECT_FILE = "pyproject.toml"
INK, PALE = "#1a1a1a", "#8a8a8a"
MARKS = {"sopra": ("o", INK), "sotto": ("s", "#1f5a96"), "non_distinguibile": ("D", PALE)}
"""Shape and colour of a reading: shapes differ too, so that a grey print loses nothing."""
LEGEND = {
    "sopra": "sopra il confronto",
    "sotto": "sotto il confronto",
    "non_distinguibile": "non si distingue",
}
TALLEST_ROW, HEAD = 0.34, 1.3


class UnknownName(LookupError):
    """A name that the mart does not have; the text lists in Italian those it has."""


@dataclass(frozen=True)
class Table:
    """A frame as people read it: Italian numbers, a dash where the value is missing.

    Attributes:
        frame: the rows to show.
        decimals: decimals of numbers that are not whole.
    """

    frame: pl.DataFrame
    decimals: int = 1

    def cell(self, value: object, decimals: int | None = None) -> str:
        """Write one cell; codes lose their underscores."""
        if value is None or (isinstance(value, float) and not np.isfinite(value)):
            return MISSING
        if isinstance(value, bool):
            return "sì" if value else "no"
        if isinstance(value, int):
            return str(value)
        if isinstance(value, float):
            return number(value, self.decimals if decimals is None else decimals)
        told = str(value)
        return told.replace("_", " ") if _CODE.fullmatch(told) else told

    def _rows(self) -> list[list[tuple[object, str]]]:
        # Whole numbers stay whole, but only where the whole column is: decimals line up.
        places = [
            0 if column.dtype.is_float() and _whole(column) else self.decimals
            for column in self.frame.iter_columns()
        ]
        return [
            [(value, self.cell(value, at)) for value, at in zip(row, places, strict=True)]
            for row in self.frame.iter_rows()
        ]

    def _repr_html_(self) -> str:
        heads = "".join(
            f'<th style="text-align:left">{escape(name.replace("_", " "))}</th>'
            for name in self.frame.columns
        )
        rows = "".join(
            "<tr>" + "".join(_html(value, told) for value, told in row) + "</tr>"
            for row in self._rows()
        )
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"

    def __repr__(self) -> str:
        """Give the rows as text, for those who read without HTML."""
        lines = [" | ".join(self.frame.columns)]
        lines += [" | ".join(told for _, told in row) for row in self._rows()]
        return "\n".join(lines)


def find_project(start: Path) -> Path:
    """Find the folder of the project from a folder up.

    Raises:
        NoMart: no folder above is a project.
    """
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file() and (folder / "data").is_dir():
            return folder
    raise NoMart(start / REAL / DATABASE_FILE)


def open_published(
    *, example: bool = False, start: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """Open the published mart, read-only and confined to its file.

    Args:
        example: the mart of the invented towns instead of the real one.
        start: folder from which the project is looked for; the present one by default.

    Raises:
        NoMart: nothing was published yet.
    """
    project = find_project((start or Path.cwd()).resolve())
    if not example:
        return open_mart(project / REAL)
    if not (project / EXAMPLE / DATABASE_FILE).is_file():
        raise FileNotFoundError("manca il mart delle città inventate: si fa con «will esempio»")
    return open_mart(project / EXAMPLE)


def ask_sql(
    mart: duckdb.DuckDBPyConnection, sql: str, given: Mapping[str, object] | None = None
) -> pl.DataFrame:
    """Ask in SQL, with named values (`$citta`)."""
    return mart.sql(sql, params=dict(given) if given else None).pl()


def ask_named(mart: duckdb.DuckDBPyConnection, question: int, **given: str) -> pl.DataFrame:
    """Ask one of the named questions, by its number."""
    return ask(mart, load_questions()[question], given)


def city(mart: duckdb.DuckDBPyConnection, name: str) -> str:
    """Give the name of a city back, if the mart has it.

    Raises:
        UnknownName: it has not.
    """
    return _known(name, ask_sql(mart, "SELECT nome FROM dim_comune ORDER BY nome"), "città")


def need(mart: duckdb.DuckDBPyConnection, name: str) -> str:
    """Give the code of a need back, if the mart has it.

    Raises:
        UnknownName: it has not.
    """
    sql = "SELECT dimensione FROM dim_dimensione ORDER BY ordine"
    return _known(name, ask_sql(mart, sql), "bisogno")


def area_name(mart: duckdb.DuckDBPyConnection, area_id: str) -> str:
    """Name of an area, from its code.

    Raises:
        UnknownName: the mart has no such area.
    """
    found = ask_sql(mart, "SELECT nome FROM dim_area WHERE area_id = $area", {"area": area_id})
    if found.is_empty():
        raise UnknownName(f"nel mart non c'è l'area «{area_id}»: i codici sono in dim_area")
    return str(found.item())


def finest_level(mart: duckdb.DuckDBPyConnection, name: str) -> str:
    """Level that planners read in a city: quarters (Q) where they are, census areas (A) elsewhere.

    Raises:
        UnknownName: the city has no area with an index.
    """
    sql = "SELECT max(livello) FROM v_quintili WHERE comune = $comune"
    level = ask_sql(mart, sql, {"comune": name}).item()
    if level is None:
        raise UnknownName(f"«{name}» non ha aree con un indice")
    return str(level)


def places_by_weights(scores: NDArray[np.float64], *, draws: int, seed: int) -> NDArray[np.int64]:
    """Places of areas under weights drawn at random, from the highest mean.

    Args:
        scores: shape (areas, indicators), comparable scores, higher is more need, none missing.
        draws: number of sets of weights, uniform over all that sum to one.
        seed: seed of the draws.

    Returns:
        Shape (draws, areas): 1 is the highest. Equal means keep the order of the rows.

    Raises:
        ValueError: a score is missing or infinite.

    Source:
        Flat Dirichlet weights as in Saisana, Saltelli and Tarantola (2005), Uncertainty and
        sensitivity analysis techniques, J. R. Stat. Soc. A 168(2), 307-323.
    """
    if not np.isfinite(scores).all():
        raise ValueError("manca un valore: le aree senza un indicatore si tolgono prima")
    weights = np.random.default_rng(seed).dirichlet(np.ones(scores.shape[1]), size=draws)
    order = np.argsort(-(weights @ scores.T), axis=1, kind="stable")
    return np.argsort(order, axis=1, kind="stable") + 1


def draw_intervals(
    axes: Axes,
    frame: pl.DataFrame,
    *,
    label: str,
    low: str,
    high: str,
    value: str | None = None,
    reading: str | None = None,
    reference: float | None = None,
) -> Axes:
    """Draw one segment per row, from the top, with its mark where there is a value.

    Args:
        axes: where to draw.
        frame: the rows; those without both ends are named with a dash and drawn empty.
        label: column of the names.
        low: column of the lower ends.
        high: column of the upper ends.
        value: column of the estimates; none draws thick bars, for ranges of places.
        reading: column of `sopra`, `sotto`, `non_distinguibile`, which choose shape and colour.
        reference: where to draw the line of comparison.
    """
    rows = frame.to_dicts()
    for height, row in enumerate(rows):
        if row[low] is None or row[high] is None:
            continue
        shape, colour = MARKS[row[reading]] if reading and row[reading] else ("o", INK)
        wide = 2.5 if value else 7
        axes.plot([row[low], row[high]], [height] * 2, color=colour, linewidth=wide,
                  solid_capstyle="butt")  # fmt: skip
        if value and row[value] is not None:
            axes.plot(row[value], height, shape, color=colour)
    names = [_name(row, label, low, high) for row in rows]
    axes.set_yticks(range(len(rows)), names, fontsize=9)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    if reference is not None:
        axes.axvline(reference, color=INK, linewidth=1, linestyle=":")
    if reading:
        _legend(axes, {str(row[reading]) for row in rows})
    return italian_axis(axes)


def italian_axis(axes: Axes) -> Axes:
    """Write the numbers under the horizontal axis the Italian way, and lighten the frame."""
    from matplotlib.ticker import FuncFormatter  # noqa: PLC0415

    def written(value: float, _: Any) -> str:
        return f"{value:g}".replace(".", ",")

    axes.xaxis.set_major_formatter(FuncFormatter(written))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="#e0e0e0", linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def canvas(rows: int, *, width: float = 8.5) -> Axes:
    """Make an empty drawing as tall as its rows ask."""
    # Only the notebooks draw, and only the tools of developers hold the drawing library.
    from matplotlib import pyplot  # noqa: PLC0415

    _, axes = pyplot.subplots(figsize=(width, TALLEST_ROW * rows + HEAD), layout="constrained")
    return axes


@dataclass(frozen=True)
class Drawing:
    """A finished drawing: an image that does not change, and the text in its place."""

    svg: bytes
    alternative: str

    def _repr_html_(self) -> str:
        source = f"data:image/svg+xml;base64,{base64.b64encode(self.svg).decode()}"
        return f'<img src="{source}" alt="{escape(self.alternative)}" style="max-width:100%">'

    def __repr__(self) -> str:
        """Give the text, for those who read without images."""
        return self.alternative


def shown(axes: Axes, alternative: str = "") -> Drawing:
    """Finish the drawing of some axes, with all the others of its figure.

    Args:
        axes: where something was drawn.
        alternative: text in the place of the image; by default its titles, what runs along the
            horizontal axis and the names of the rows.
    """
    from matplotlib import pyplot, rc_context  # noqa: PLC0415

    figure = axes.figure.get_figure(root=True)
    buffer = io.BytesIO()
    with rc_context({"svg.hashsalt": "will", "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    title = figure.get_suptitle()
    parts = [f"{title}."] if title else []
    told = alternative or " ".join([*parts, *(_spoken(each) for each in figure.axes)])
    return Drawing(buffer.getvalue(), told)


def _spoken(axes: Axes) -> str:
    """Say what axes show: title, horizontal axis, names of the rows."""
    names = [each.get_text() for each in axes.get_yticklabels() if each.get_text()]
    parts = [axes.get_title(), axes.get_xlabel(), f"Righe: {', '.join(names)}" if names else ""]
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def _whole(column: pl.Series) -> bool:
    known = column.drop_nulls()
    return bool((known == known.round()).all())


def _html(value: object, told: str) -> str:
    side = "right" if isinstance(value, int | float) else "left"
    return f'<td style="text-align:{side}">{escape(told)}</td>'


def _known(name: str, names: pl.DataFrame, what: str) -> str:
    known = names.to_series().to_list()
    if name not in known:
        raise UnknownName(
            f"«{name}» non è nel mart; per {what} si può scegliere: {', '.join(known)}"
        )
    return name


def _name(row: Mapping[str, Any], label: str, low: str, high: str) -> str:
    empty = row[low] is None or row[high] is None
    return f"{row[label]} ({MISSING})" if empty else str(row[label])


def _legend(axes: Axes, readings: set[str]) -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415

    marks = [
        Line2D([], [], color=MARKS[each][1], marker=MARKS[each][0], label=LEGEND[each])
        for each in MARKS
        if each in readings
    ]
    axes.figure.legend(
        handles=marks, loc="outside lower center", ncols=3, frameon=False, fontsize=9
    )
