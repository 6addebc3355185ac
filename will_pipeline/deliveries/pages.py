"""The tables of the page `docs/consegne.md`, made from the templates so that they never disagree.

What belongs here is Markdown about kinds of delivery; the prose around it is written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping

from will_pipeline.deliveries.blank import WORDS_OF_TYPE, bounds
from will_pipeline.deliveries.model import Part, Template
from will_pipeline.deliveries.reading import WORKBOOK, file_names

BEGIN, END = "<!-- modelli: inizio -->", "<!-- modelli: fine -->"


def with_tables(page: str, templates: Mapping[str, Template]) -> str:
    """Put the tables of every kind between the two marks of a page.

    Args:
        page: Markdown with the marks `BEGIN` and `END`.
        templates: kinds of delivery.

    Raises:
        ValueError: a mark is missing.
    """
    before, found, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended):
        raise ValueError(f"the page lacks {BEGIN} or {END}")
    told = "\n\n".join(_kind(template) for template in templates.values())
    return f"{before}{BEGIN}\n\n{told}\n\n{END}{after}"


def _kind(template: Template) -> str:
    names = ", ".join(f"`{name}`" for name in file_names(template))
    files = f"File: {names}, oppure `{template.kind}{WORKBOOK}`."
    if len(template.parts) > 1:
        files = f"File: {names}; oppure `{template.kind}{WORKBOOK}` con un foglio per ognuno."
    parts = [f"### {template.title.it} (`{template.kind}`)", template.description.it, files]
    for part in template.parts:
        parts += [_part(part, alone=len(template.parts) == 1), _example(part)]
    if template.rules:
        parts.append("\n".join(["Regole:", "", *(f"- {rule.it}" for rule in template.rules)]))
    return "\n\n".join(parts)


def _part(part: Part, *, alone: bool) -> str:
    key = ", ".join(f"`{name}`" for name in part.key)
    title = part.it if alone else f"**{part.name}**: {part.it}"
    lines = [
        f"{title} Non si ripete: {key}.",
        "",
        "| colonna | che cosa | come si scrive | vuota |",
    ]
    lines.append("|---|---|---|---|")
    for column in part.columns:
        limits = bounds(column)
        kind = WORDS_OF_TYPE[column.type] + (f": {limits}" if limits else "")
        empty = "no" if column.required else "sì"
        lines.append(f"| `{column.name}` | {column.it} | {kind} | {empty} |")
    return "\n".join(lines)


def _example(part: Part) -> str:
    header = ";".join(column.name for column in part.columns)
    row = ";".join(column.example for column in part.columns)
    return f"```\n{header}\n{row}\n```"
