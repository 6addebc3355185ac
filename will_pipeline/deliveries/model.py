"""The shape of a template: what one YAML file under `templates/` may say of a kind of delivery.

Only the model and its own consistency belong here; files, cells and rules live beside it.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CellType = Literal["area", "codice", "testo", "intero", "numero", "anno", "data", "scelta", "si_no"]
Level = Literal["C", "Q", "A"]
Slug = r"^[a-z][a-z0-9_]*$"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bilingual(_Frozen):
    """One sentence in Italian and its English rendering."""

    it: str = Field(min_length=1)
    en: str = Field(min_length=1)


class TemplateColumn(_Frozen):
    """One column of a delivered table.

    Attributes:
        name: Italian name, as the municipality writes it.
        target: column of the harmonised table that it fills.
        type: how its cells are read.
        required: whether a cell may be empty.
        allowed: values that a choice may take.
        levels: levels of area that it may name.
        min: least value of a number.
        max: greatest value of a number.
        refers_to: `<part>.<column>` that must hold the same code.
        prose: whether cells are sentences, where a person could be named.
        it: what it is, in Italian.
        en: what it is, in English.
        example: a good cell.
    """

    name: str = Field(pattern=Slug)
    target: str = Field(pattern=Slug)
    type: CellType
    required: bool = True
    allowed: tuple[str, ...] = ()
    levels: tuple[Level, ...] = ()
    min: float | None = None
    max: float | None = None
    refers_to: str | None = Field(default=None, pattern=r"^[a-z_]+\.[a-z_]+$")
    prose: bool = False
    it: str = Field(min_length=3)
    en: str = Field(min_length=3)
    example: str

    @model_validator(mode="after")
    def _type_has_what_it_needs(self) -> Self:
        if (self.type == "scelta") != bool(self.allowed):
            raise ValueError(f"column {self.name}: a choice, and only a choice, lists its values")
        if (self.type == "area") != bool(self.levels):
            raise ValueError(f"column {self.name}: an area, and only an area, lists its levels")
        return self


class Part(_Frozen):
    """One table of a delivery: a sheet of the workbook, or a CSV file of its own."""

    name: str = Field(pattern=Slug)
    table: str = Field(pattern=Slug)
    it: str = Field(min_length=3)
    en: str = Field(min_length=3)
    key: tuple[str, ...] = Field(min_length=1)
    columns: tuple[TemplateColumn, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique_and_the_key_is_full(self) -> Self:
        names = [column.name for column in self.columns]
        targets = [column.target for column in self.columns]
        if len(set(names)) < len(names) or len(set(targets)) < len(targets):
            raise ValueError(f"part {self.name}: a column is repeated")
        required = {column.name for column in self.columns if column.required}
        if not required.issuperset(self.key):
            raise ValueError(f"part {self.name}: key columns must exist and be required")
        return self

    def column(self, name: str) -> TemplateColumn:
        """Return the column called `name`.

        Raises:
            KeyError: the part has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")


class TemplateRule(_Frozen):
    """A rule that spans rows or parts: its name in the code and what it asks."""

    name: str = Field(pattern=Slug)
    it: str = Field(min_length=3)
    en: str = Field(min_length=3)


class Template(_Frozen):
    """A kind of delivery.

    Attributes:
        kind: name of the files.
        title: name for people.
        description: what it is for.
        period: `<part>.<column>` of the years or dates that the data refer to; none where the data
            have no date.
        rules: rules beyond those of the single cell.
        parts: tables of the delivery.
    """

    kind: str = Field(pattern=Slug)
    title: Bilingual
    description: Bilingual
    period: str | None = Field(default=None, pattern=r"^[a-z_]+\.[a-z_]+$")
    rules: tuple[TemplateRule, ...] = ()
    parts: tuple[Part, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _references_lead_somewhere(self) -> Self:
        known = {f"{part.name}.{column.name}" for part in self.parts for column in part.columns}
        named = [c.refers_to for part in self.parts for c in part.columns if c.refers_to]
        lost = sorted({*named, *([self.period] if self.period else [])} - known)
        if lost:
            raise ValueError(f"{self.kind}: {lost} lead nowhere")
        return self

    def part(self, name: str) -> Part:
        """Return the part called `name`.

        Raises:
            KeyError: the template has no such part.
        """
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(f"{self.kind}.{name}")
