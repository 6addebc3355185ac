"""Blocking checks of the core layer, generated from its table contracts.

Nothing about a single table is written here.
"""

import dagster as dg

from will_pipeline.orchestration.checks import contract_checks
from will_pipeline.orchestration.warehouse import CORE, contracts_of


@dg.definitions
def core_contracts() -> dg.Definitions:
    """Checks of every harmonised table."""
    return dg.Definitions(
        asset_checks=[contract_checks(c, layer=CORE) for c in contracts_of(CORE).values()]
    )
