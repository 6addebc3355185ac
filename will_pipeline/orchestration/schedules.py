"""The main job and when it runs by itself.

Every asset belongs to the job, but for the whole country: nothing else is refreshed on the side.
"""

import dagster as dg

REFRESH = "aggiornamento"

refresh = dg.define_asset_job(
    REFRESH,
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups("italia"),
    description="Tutto il percorso: fonti, aree, indicatori, indici, profili, mart, atlante.",
)

nightly = dg.ScheduleDefinition(
    name="ogni_notte",
    job=refresh,
    cron_schedule="30 2 * * *",
    execution_timezone="Europe/Rome",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Ogni notte alle 2:30, ora di Roma.",
)
