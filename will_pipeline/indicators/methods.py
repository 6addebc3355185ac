"""What planners read about the way each kind of estimator makes value and interval.

One Italian paragraph per kind of estimator, published in the column `metodo` of the card of
every indicator.
"""

from __future__ import annotations

import polars as pl

from will_pipeline.indicators.specification import Specification

METHOD_IN_WORDS = {
    "shrunk_rate": (
        "Tasso stabilizzato verso la media della città con il metodo bayesiano empirico "
        "beta-binomiale (Marshall, 1991); intervallo dal 5° al 95° percentile della distribuzione "
        "a posteriori. Il valore della città è quello osservato."
    ),
    "observed_share": (
        "Quota osservata; intervallo di Jeffreys dal 5° al 95° percentile "
        "(Brown, Cai e DasGupta, 2001)."
    ),
    "observed_ratio": (
        "Rapporto fra quantità osservate; intervallo di Poisson esatto sul numeratore "
        "(Garwood, 1936)."
    ),
    "observed_count": "Conteggio osservato; intervallo di Poisson esatto (Garwood, 1936).",
    "shrunk_standardised": (
        "Standardizzazione indiretta per età: casi osservati su casi attesi con i tassi di "
        "occupazione italiani per età e sesso (ISTAT, forze di lavoro, media 2009); rapporto "
        "stabilizzato verso la città con il metodo bayesiano empirico per proporzioni (Kleinman, "
        "1973; Marshall, 1991) e riportato al tasso della città. I casi sono persone su persone, "
        "non eventi rari: l'intervallo è quello binomiale. Numeratore e denominatore sono quelli "
        "osservati."
    ),
    "net_of_structure": (
        "Tasso stabilizzato verso la media della città (beta-binomiale), meno la parte spiegata "
        "dalla quota di residenti di 20-34 anni, stimata fra le aree degli stessi comuni italiani; "
        "l'intervallo comprende l'errore della correzione."
    ),
    "over_concentration": (
        "Quota stabilizzata verso la città (beta-binomiale) divisa per la quota della città, meno "
        "uno, mai sotto zero; intervallo dal 5° al 95° percentile delle simulazioni."
    ),
    "rate_gap": (
        "Differenza fra due tassi, ognuno stabilizzato verso la media della città "
        "(beta-binomiale); intervallo dal 5° al 95° percentile delle simulazioni."
    ),
    "missing_parity": (
        "Differenza fra due tassi stabilizzati verso la città, mai sotto zero, per le persone del "
        "gruppo; intervallo dal 5° al 95° percentile delle simulazioni."
    ),
    "separation": (
        "Indice di isolamento xPx sulle sezioni di censimento dell'area (Massey e Denton, 1988), "
        "tolto ciò che viene dalla presenza e dal caso: zero se le stesse persone fossero "
        "distribuite a caso fra le sezioni. Il valore della città è la media delle sue aree. "
        "Intervallo dal 5° al 95° percentile di un bootstrap bayesiano delle sezioni (Rubin, 1981)."
    ),
    "synthetic": (
        "Stima sintetica: residenti esposti dell'area (censimento), per il tasso del gruppo dove è "
        "pubblicato, per un rischio relativo fra un mezzo e due che viene dai segnali dell'area; "
        "il tutto riportato in proporzione al livello della città (Gonzalez, 1973; Rao e Molina, "
        "2015). Il peso dei segnali è stimato fra le province italiane dentro le regioni, o è "
        "un'ipotesi dichiarata dove nessun dato lo permette. Intervallo dal 5° al 95° percentile "
        "di un bootstrap parametrico che comprende l'errore del livello, dei tassi, dei pesi e dei "
        "segnali, e una variabilità fra aree una volta e mezza quella fra le province."
    ),
    "synthetic_share": (
        "Persone stimate dell'area ogni cento residenti esposti, con lo stesso bootstrap delle "
        "persone stimate."
    ),
    "unavailable": (
        "Nessuna stima: i conteggi necessari non esistono nelle cifre in uso; il valore resta non "
        "disponibile, mai zero."
    ),
    "context": "Valore pubblicato dalla fonte per l'intero comune (o per la sua provincia).",
}


def indicator_rows(specification: Specification) -> pl.DataFrame:
    """Rows of `dim_indicatore`: the card of every indicator."""
    rows = [
        {
            **indicator.model_dump(exclude={"estimator", "tratti"}),
            "dimensione": specification.theme_of[identifier],
            "metodo": METHOD_IN_WORDS[indicator.estimator.kind],
        }
        for identifier, indicator in specification.indicators.items()
    ]
    return pl.DataFrame(rows, infer_schema_length=None)
