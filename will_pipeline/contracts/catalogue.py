"""Reading the contracts that ship with the package, in an order in which tables can be made.

Nothing here knows what a contract is for; it turns folders of YAML into validated models
and refuses references that lead nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from will_pipeline.contracts.model import TableContract, ViewContract
from will_pipeline.yaml_text import parse_yaml

CONTRACT_VERSION = "1.4.0"
Layer = Literal["core", "mart"]
_HERE = Path(__file__).parent
Contract = TypeVar("Contract", bound=BaseModel)


class ContractFault(ValueError):
    """A contract file that does not say what a contract must say."""

    def __init__(self, file: str, rule: str) -> None:
        self.file, self.rule = file, rule
        super().__init__(f"contract {file}: {rule}")


def load_contracts(layer: Layer, folder: Path = _HERE) -> dict[str, TableContract]:
    """Read the table contracts of one layer.

    Args:
        layer: `core` (harmonised tables) or `mart` (published tables).
        folder: folder that holds the layers' folders.

    Returns:
        Contracts by table name; a referenced table always precedes the tables that refer to it.

    Raises:
        ContractFault: malformed YAML, an unknown field, a reference to a table or column that
            does not exist, or tables that refer to each other in a circle.
    """
    read = {
        file.stem: _read(file, TableContract) for file in sorted((folder / layer).glob("*.yaml"))
    }
    for stem, contract in read.items():
        if contract.table != stem:
            raise ContractFault(f"{stem}.yaml", f"describes table {contract.table}")
    return _in_reference_order(read)


def load_views(folder: Path = _HERE) -> dict[str, ViewContract]:
    """Read the contracts of the published views, by view name in alphabetical order.

    Raises:
        ContractFault: malformed YAML or an unknown field.
    """
    views = [_read(file, ViewContract) for file in sorted((folder / "views").glob("*.yaml"))]
    return {view.view: view for view in views}


def _read(file: Path, model: type[Contract]) -> Contract:
    try:
        return model.model_validate(parse_yaml(file.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError) as problem:
        raise ContractFault(file.name, str(problem)) from problem


def referenced_tables(contract: TableContract) -> tuple[str, ...]:
    """Names of the other tables that `contract` refers to, sorted."""
    named = {column.references.split(".")[0] for column in contract.columns if column.references}
    return tuple(sorted(named - {contract.table}))


def _in_reference_order(contracts: Mapping[str, TableContract]) -> dict[str, TableContract]:
    for contract in contracts.values():
        _references_exist(contract, contracts)
    graph = {name: referenced_tables(contract) for name, contract in contracts.items()}
    try:
        order: Iterable[str] = tuple(TopologicalSorter(graph).static_order())
    except CycleError as circle:
        raise ContractFault(
            str(circle.args[1]), "tables refer to each other in a circle"
        ) from circle
    return {name: contracts[name] for name in order}


def _references_exist(contract: TableContract, contracts: Mapping[str, TableContract]) -> None:
    for column in contract.columns:
        if column.references is None:
            continue
        table, target = column.references.split(".")
        if table not in contracts or target not in {c.name for c in contracts[table].columns}:
            raise ContractFault(
                f"{contract.table}.yaml",
                f"{column.name} refers to {column.references}, which is not there",
            )
