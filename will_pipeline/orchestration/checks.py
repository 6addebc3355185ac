"""Blocking asset checks generated from the table contracts.

One group of checks per table, one check per rule; a broken rule stops everything downstream.
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from will_pipeline.contracts.catalogue import referenced_tables
from will_pipeline.contracts.model import TableContract
from will_pipeline.contracts.validation import COLUMNS_RULE, rule_names, rules
from will_pipeline.orchestration.warehouse import Warehouse


def contract_checks(contract: TableContract, *, layer: str) -> dg.AssetChecksDefinition:
    """Checks of one table of the warehouse.

    Args:
        contract: contract of the table.
        layer: layer that holds it, also the first part of its asset key.
    """
    asset = dg.AssetKey([layer, contract.table])
    says = {rule.name: rule.says for rule in rules(contract, schema=layer)}
    says[COLUMNS_RULE] = "Le colonne hanno nome e tipo del contratto."
    neighbours = [dg.AssetKey([layer, table]) for table in referenced_tables(contract)]

    @dg.multi_asset_check(
        name=f"contratto_{layer}_{contract.table}",
        specs=[
            dg.AssetCheckSpec(
                name,
                asset=asset,
                description=says[name],
                blocking=True,
                additional_deps=neighbours,
            )
            for name in rule_names(contract)
        ],
    )
    def checks(warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
        for finding in warehouse.check(layer, contract):
            yield dg.AssetCheckResult(
                asset_key=asset,
                check_name=finding.rule,
                passed=finding.passed,
                severity=dg.AssetCheckSeverity.ERROR,
                description=finding.message,
                metadata={"righe": finding.rows},
            )

    return checks
