"""The command that writes the method page of the persons: `python -m ...indicators.persons_page`.

Every number of the page is computed from the embedded figures, or read from what the simulation
wrote, when it is written; a test checks that the tracked page is what the command makes.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from will_pipeline.cities.catalogue import load_cities
from will_pipeline.geography.census_areas import census_counts
from will_pipeline.indicators.areas import AreaCounts
from will_pipeline.indicators.estimates import Settings
from will_pipeline.indicators.indices import estimate_all
from will_pipeline.indicators.kinds import MacroAreaLevel
from will_pipeline.indicators.levels import Evidence, benchmarks, synthetic_of
from will_pipeline.indicators.measured_coverage import (
    ALIKE,
    INFLATED,
    MORE,
    RATES,
    STANDARDISED,
    SYNTHETIC,
    Coverage,
    read_coverage,
)
from will_pipeline.indicators.persons import FACTORS, Persons, estimate_persons, sensitivity
from will_pipeline.indicators.specification import (
    LEAST_RESIDENTS,
    Indicator,
    Specification,
    load_specification,
)
from will_pipeline.italian import number
from will_pipeline.sources.descriptor import load_sources
from will_pipeline.sources.embedded import read_embedded

FIGURES = (
    "istat_censimento_2011_ace",
    "istat_bes_territori",
    "iss_passi_argento",
    "istat_censimento_2011_ace_citta",
    "istat_censimento_2011_asc",
)
INTRODUCTION = """\
# Persone stimate

Questa pagina è scritta da `make pages` (`python -m will_pipeline.indicators.persons_page`) con le
cifre incorporate: i numeri sono quelli misurati, non trascritti.

Nessuna fonte italiana conta, sotto la provincia, i giovani che non studiano e non lavorano, gli
anziani isolati o i ragazzi con competenze non adeguate. Si stima quante persone ci si aspetta in
ogni area, in tre passi:

1. **struttura**: residenti esposti dell'area, per gruppo (censimento 2011), per il tasso del gruppo
   dove è pubblicato;
2. **rischio relativo** dell'area: exp(b · tanh(s / b)), con b = ln 2 e s = somma dei pesi per
   ln(segnale dell'area / segnale della città). Resta fra 0,5 e 2;
3. **livello**: il prodotto è riportato in proporzione, così che le aree di ogni livello sommino
   alla città: quota di riferimento × residenti esposti della città (entro un milionesimo di persona
   prima dell'arrotondamento; nel mart le persone hanno un decimale).

L'intervallo (5°-95° percentile di un bootstrap parametrico) comprende l'errore del livello, dei
tassi per gruppo, dei pesi, dei segnali, la variabilità fra aree che i segnali non spiegano e il
caso nel numero di persone. La variabilità è misurata fra province ed è **moltiplicata per 1,5**,
perché fra quartieri può essere maggiore: quanto conta lo dice la tavola qui sotto. È il prezzo
scelto: meglio larghi che falsamente sicuri.

**Non è compreso** in nessun intervallo: quanto la città si scosta dalla sua provincia (o dalla sua
ripartizione); quanto la struttura è cambiata dal 2011; che i segnali agiscano fra quartieri in modo
diverso da come agiscono fra province. Un comune che conosce il proprio numero lo scrive nel file
della città e prende il posto della provincia:

```yaml
benchmarks:
  neet_15_29: {rate: 10.4, year: 2024, source: chiave_della_fonte, error: 0.8}
```

Si confrontano le **quote**, mai le persone: un'area grande ha più persone di una piccola. Le aree
sotto 250 residenti, o con meno di 5 persone stimate, non si pubblicano; restano nel totale con il
rischio medio, e l'area più piccola accanto a loro è arrotondata a passi che valgono almeno trenta
residenti esposti.
"""
TRUST = """\
## Quanto ci si può fidare: copertura ed errore fuori campione

**Copertura degli intervalli del 90 %**, misurata in città simulate di cui si conosce la verità
(`coverage.md`, scritta dalla simulazione; qui se ne leggono i numeri).

| Stima | Città simulate | Copertura % |
|---|---|---:|
| tassi stabilizzati | da 6 a 40 aree | {rates} |
| tassi a parità di età | condizione del 10, 30 o 50 % delle persone | {standardised} |
| persone stimate, come pubblicate | quartieri vari 1,5 volte le province | {inflated} |
| persone stimate, come pubblicate | quartieri vari come le province | {alike} |
| le stesse, variabilità non allargata | quartieri vari 1,5 volte le province | {plain} |

**Errore fuori campione delle persone stimate**, misurato sulle cifre vere: ogni regione è prevista
da pesi stimati sulle altre. È lo scarto quadratico medio fra il livello della provincia e la
previsione, al netto del livello della sua regione.

| Indicatore | Regioni | Province | Errore % | Senza segnali % | Rumore della serie % |
|---|---:|---:|---:|---:|---:|
{errors}

La prima tavola dice se gli intervalli sono onesti quando il modello vale, la seconda quanto il
modello vale fra province. Che i segnali valgano anche fra quartieri nessuna fonte permette di
misurarlo.
"""
PROVINCIAL = """\
Livello: media degli ultimi tre anni della serie `{series}` della provincia. La fonte non pubblica
l'errore: si usa la dispersione dei tre anni, tolti l'effetto della provincia e quello comune
dell'anno, messa insieme fra tutte le province. L'errore relativo della media è **{error} %**.

Pesi: regressione di Fay-Herriot (REML) del logaritmo del livello sui segnali delle aree di
censimento della provincia, con una costante per regione: il livello di un posto lo dice già il
riferimento, ai segnali si chiede come si distinguono posti di pari livello. Province confrontate:
{provinces}, di {regions} regioni; non abbinate: {unmatched}.

| Segnale | Peso | Errore standard |
|---|---:|---:|
{weights}

Variabilità non spiegata fra province: {heterogeneity} %; allargata per le aree: {inflated} %.

**Errore fuori campione** (ogni regione prevista da pesi stimati sulle altre; scarto quadratico
medio del livello della provincia da quello della sua regione): **{loro} %**, contro {none} % senza
alcun segnale. Comprende il rumore dei tre anni ({error} %).
"""
ISOLATION = """\
Livello: quota della ripartizione (PASSI d'Argento, ultimo anno {year}), uguale per tutte le città
della stessa ripartizione: **non si confrontano città**. I tassi sono percentuali intere senza
errore pubblicato: si assume un errore standard di {rate_error} punti percentuali.

Tassi per età: {rates}.
Il tasso dei 75 anni e più non è pubblicato (manca la classe 75-84): è ciò che il totale lascia, con
la struttura per età delle aree di censimento italiane. I tassi per
istruzione non si usano: il censimento non incrocia istruzione ed età per area.

Nessun riferimento esiste sotto la ripartizione: i pesi sono un'**ipotesi dichiarata**. Se una quota
p di anziani ha una condizione che moltiplica il rischio per R, l'elasticità è
p (R − 1) / (1 + p (R − 1)): con p = 0,3, R = 2 per chi vive solo dà 0,23, R = 1,5 per la vedovanza
0,13.

| Segnale | Peso assunto | Errore assunto |
|---|---:|---:|
{weights}

Variabilità assunta fra aree: {heterogeneity} %; allargata: {inflated} %.

**La trappola delle città universitarie.** `famiglie_unipersonali_corrette` non basta: la pendenza
che corregge non si distingue da zero. Qui ogni giovane di 20-34 anni oltre la quota della città è
tolto, uno per uno, dalle famiglie di una persona, come se vivesse solo: chi arriva a vivere solo a
vent'anni non sposta la stima degli anziani. La vedovanza è misurata sui soli residenti di 55 anni e
più.

Come cambiano le persone di un'area se i pesi sono diversi (differenza assoluta relativa, mediana e
massima fra le aree):

| Pesi moltiplicati per | Mediana % | Massima % |
|---:|---:|---:|
{sensitivity}
"""
UNAVAILABLE = """\
## Che cosa non è disponibile sulle cifre del 2011

Le righe esistono con stato `non_disponibile`, mai zero, e non entrano in nessun indice; il motivo è
sulla scheda e fra i controlli.

| Indicatore | Motivo |
|---|---|
{rows}
"""


def page(descriptors: Path, figures: Path, coverage: str) -> str:
    """Write the page from the embedded figures and the measured coverage.

    Args:
        descriptors: folder of the `*.source.yaml` files.
        figures: folder of the embedded figures.
        coverage: text of the page of measured coverage.

    Raises:
        CoverageFault: the page of coverage lacks a row that this one shows.
    """
    sources = load_sources(descriptors)
    pool, series, isolation, census, subareas = (
        read_embedded(sources[key], figures) for key in FIGURES
    )
    cities = load_cities()
    evidence = Evidence(pool, series, isolation, cities)
    counts = census_counts(cities, census, subareas).with_columns(residents="P1")
    areas, specification = AreaCounts(counts, LEAST_RESIDENTS), load_specification()
    settings = Settings()
    estimates = estimate_all(specification, areas, pool, settings)
    persons = estimate_persons(
        specification, areas, estimates, evidence=evidence, settings=settings
    )
    parts = [INTRODUCTION, _trust(read_coverage(coverage), specification, persons, evidence)]
    for card in specification.synthetic:
        found = persons[card.indicatore_id]
        parts += [f"## {card.nome}\n\n`{card.indicatore_id}` = {card.formula}.\n"]
        parts.append(_learnt(card, specification, areas, found, evidence))
        parts.append(_cities(areas, found, evidence))
    rows = [
        f"| `{card.indicatore_id}` | {getattr(card.estimator, 'reason', '')} |"
        for card in specification.unavailable
    ]
    return "\n".join([*parts, UNAVAILABLE.format(rows="\n".join(rows))])


def _trust(
    measured: Coverage,
    specification: Specification,
    persons: Mapping[str, Persons],
    evidence: Evidence,
) -> str:
    least, most = (number(each, 1) for each in measured.range_of(STANDARDISED))
    return TRUST.format(
        rates=" - ".join(dict.fromkeys(number(each, 1) for each in measured.range_of(RATES))),
        standardised=f"{least} - {most}",
        inflated=number(measured.of(INFLATED, MORE), 1),
        alike=number(measured.of(INFLATED, ALIKE), 1),
        plain=number(measured.of(SYNTHETIC, MORE), 1),
        errors="\n".join(
            _error(card, persons[card.indicatore_id], evidence) for card in specification.synthetic
        ),
    )


def _error(card: Indicator, found: Persons, evidence: Evidence) -> str:
    validation = None if found.model is None else found.model.validation
    if validation is None:
        return f"| `{card.indicatore_id}` | non misurabile: pesi assunti | – | – | – | – |"
    some = next(iter(benchmarks(card, evidence).values()))
    return (
        f"| `{card.indicatore_id}` | {validation.regions} | {validation.provinces} | "
        f"{_per_cent(validation.with_signals)} | {_per_cent(validation.without_signals)} | "
        f"{_per_cent(some.error / some.share)} |"
    )


def _learnt(
    card: Indicator,
    specification: Specification,
    areas: AreaCounts,
    found: Persons,
    evidence: Evidence,
) -> str:
    model, estimator = found.model, synthetic_of(card)
    if model is None:
        missing = specification.missing(
            card.indicatore_id, areas.frame.columns, evidence.pool.columns
        )
        raise ValueError(f"{card.indicatore_id}: missing {missing}")
    errors = np.sqrt(np.diag(model.tilt.covariance))
    weights = "\n".join(
        f"| `{signal.name}` | {number(weight, 3)} | {number(error, 3)} |"
        for signal, weight, error in zip(estimator.signals, model.tilt.weights, errors, strict=True)
    )
    common = {
        "weights": weights,
        "heterogeneity": _per_cent(model.tilt.heterogeneity),
        "inflated": _per_cent(model.tilt.heterogeneity * estimator.inflation),
    }
    levels = benchmarks(card, evidence)
    if isinstance(estimator.level, MacroAreaLevel):
        rates = ", ".join(
            f"{group.name} {_per_cent(rate)} % (± {_per_cent(error)})"
            for group, rate, error in zip(estimator.exposed, model.rates, model.errors, strict=True)
        )
        return ISOLATION.format(
            **common,
            year=max(level.year for level in levels.values()),
            rate_error=number(estimator.level.rate_error, 1),
            rates=rates,
            sensitivity=_sensitivity(sensitivity(card, areas, model, levels), areas, found),
        )
    validation = model.validation
    if validation is None:
        raise ValueError(f"{card.indicatore_id}: weights were not estimated")
    some = next(iter(levels.values()))
    return PROVINCIAL.format(
        **common,
        series=estimator.level.series,
        error=_per_cent(some.error / some.share),
        provinces=validation.provinces,
        regions=validation.regions,
        unmatched=", ".join(validation.unmatched) or "nessuna",
        loro=_per_cent(validation.with_signals),
        none=_per_cent(validation.without_signals),
    )


def _sensitivity(varied: pl.DataFrame, areas: AreaCounts, found: Persons) -> str:
    base = pl.DataFrame({"area_id": areas.frame["area_id"], "shown": found.estimate.value})
    moved = (
        varied.join(base, on="area_id")
        .with_columns(move=100 * (pl.col("persons") / pl.col("shown") - 1).abs())
        .group_by("factor")
        .agg(middle=pl.col("move").median(), most=pl.col("move").max())
    )
    rows = {factor: (middle, most) for factor, middle, most in moved.iter_rows()}
    return "\n".join(
        f"| {number(factor, 1)} | {number(rows[factor][0], 1)} | {number(rows[factor][1], 1)} |"
        for factor in FACTORS
    )


def _cities(areas: AreaCounts, found: Persons, evidence: Evidence) -> str:
    estimate = found.estimate
    rows = {str(areas.frame["pro_com"][int(i)]): int(i) for i in np.flatnonzero(areas.is_city)}
    lines = []
    for city in evidence.cities:
        at = rows[city.pro_com]
        inside = (areas.frame["pro_com"] == city.pro_com).to_numpy() & ~areas.is_city
        share = 100 * estimate.value / estimate.denominator
        shown = share[inside & areas.publishable]
        lines.append(
            f"| {city.name} | {found.years[at]} | {number(share[at], 1)} | "
            f"{number(estimate.value[at], 1)} | {number(estimate.lower[at], 0)}-"
            f"{number(estimate.upper[at], 0)} | {number(shown.min(), 1)}-"
            f"{number(shown.max(), 1)} |"
        )
    head = (
        "| Città | Anno del livello | Quota % | Persone stimate | Intervallo | Quote delle aree % |"
    )
    return "\n".join([head, "|---|---:|---:|---:|---:|---:|", *lines, ""])


def _per_cent(share: float) -> str:
    return number(100 * share, 1)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("descriptors", type=Path, help="folder of the source descriptions")
    parser.add_argument("figures", type=Path, help="folder of the embedded figures")
    parser.add_argument("coverage", type=Path, help="the page of measured coverage")
    parser.add_argument("output", type=Path, help="the page to write")
    arguments = parser.parse_args()
    coverage = arguments.coverage.read_text("utf-8")
    text = page(arguments.descriptors, arguments.figures, coverage)
    arguments.output.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
