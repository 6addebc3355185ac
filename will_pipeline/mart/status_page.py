"""The page `stato.html` beside `stato.json`: the same facts, for people.

What belongs here is plain words and one page without scripts; the facts are those of monitoring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

PAGE_FILE = "stato.html"
OUTCOMES = {"published": "ha pubblicato un rilascio nuovo", "unchanged": "non ha trovato novità"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = (
    "body{font:1.05rem/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}th,td{text-align:left;padding:.3rem .8rem;"
    "border-bottom:1px solid #767676}.avviso{border-left:.3rem solid #9a4d00;padding-left:.8rem}"
)


def status_page(state: Mapping[str, Any], release: Mapping[str, Any]) -> bytes:
    """Make the page.

    Args:
        state: content of the `stato.json` of the shelf.
        release: content of that of the release that readers see; nothing where there is none.

    Returns:
        An HTML page that fetches nothing.
    """
    ended = datetime.fromisoformat(state["last_success_at"])
    sources = release.get("sources") or {"total": 0, "stale": []}
    checks = release.get("checks") or {}
    parts = [
        f"<h1>Stato del servizio</h1><p>L'ultimo giro riuscito è del "
        f"<strong>{ended:%d/%m/%Y}</strong> alle <strong>{ended:%H:%M}</strong> e "
        f"{OUTCOMES.get(state['outcome'], 'è finito')}.</p>",
        "<p>Se sono passate più di 26 ore, avvisa chi segue il servizio.</p>",
        _stale(sources["stale"], sources["total"]),
        _table("Che cosa si legge", ("Canale", "Rilascio"), _channels(state["channels"])),
        _table(
            "Controlli del rilascio",
            ("Esito", "Quanti"),
            [
                ("Superati", checks.get("passed", 0)),
                ("Avvisi", checks.get("warnings", 0)),
                ("Errori", checks.get("errors", 0)),
            ],
        ),
    ]
    return (
        '<!doctype html><html lang="it"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Stato del servizio</title><style>{_STYLE}</style></head><body><main>"
        f"{''.join(parts)}</main></body></html>\n"
    ).encode()


def _stale(keys: Sequence[str], total: int) -> str:
    if not keys:
        return f"<p>Le {total} fonti sono aggiornate.</p>"
    named = "".join(f"<li>{escape(str(key))}</li>" for key in keys)
    return (
        f'<div class="avviso"><p>Fonti ferme all\'ultima copia buona: {len(keys)} su {total}. '
        f"I loro numeri portano un segno.</p><ul>{named}</ul></div>"
    )


def _channels(channels: Mapping[str, str | None]) -> list[tuple[str, str]]:
    return [(name, release or "nessuno") for name, release in channels.items()]


def _table(title: str, heads: tuple[str, str], rows: Sequence[tuple[object, object]]) -> str:
    head = "".join(f'<th scope="col">{each}</th>' for each in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(str(name))}</th><td>{escape(str(value))}</td></tr>'
        for name, value in rows
    )
    return f"<h2>{title}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
