"""Blocking checks of the published layer, generated from its table contracts.

Nothing about a single table is written here.
"""

import dagster as dg

from will_pipeline.orchestration.checks import contract_checks
from will_pipeline.orchestration.warehouse import MARTS, contracts_of


@dg.definitions
def mart_contracts() -> dg.Definitions:
    """Checks of every published table."""
    return dg.Definitions(
        asset_checks=[contract_checks(c, layer=MARTS) for c in contracts_of(MARTS).values()]
    )
