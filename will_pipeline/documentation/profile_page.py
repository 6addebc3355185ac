"""The page of the method on profiles, typology and twins, in Italian.

The words are here; every number comes from the published tables and from the frozen typology.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from will_pipeline.atlas.words import number
from will_pipeline.needs.freezing_typology import CANDIDATES
from will_pipeline.needs.frozen_typology import FrozenTypology, Group
from will_pipeline.needs.report import REPORT_TABLES, profile_report
from will_pipeline.needs.twins import TWINS

PAGE = "profili.md"
TABLES = REPORT_TABLES
COMMAND = "python -m will_pipeline.documentation"
FREEZING = "python -m will_pipeline.needs.freezing_typology assets/raw data/raw/figures"


def profile_page(tables: Mapping[str, pl.DataFrame], frozen: FrozenTypology) -> dict[str, str]:
    """Make the page.

    Args:
        tables: the published tables named in `TABLES`.
        frozen: the typology of the vintage.

    Returns:
        Text of the page by name of its file.
    """
    report = "\n".join(_bullet(line) for line in profile_report(tables, frozen))
    groups = "\n".join(_row(tables, group) for group in frozen.groups)
    return {
        PAGE: TEXT.format(
            command=COMMAND,
            freezing=FREEZING,
            report=report,
            groups=groups,
            pool=frozen.pool.in_words,
            least_area=number(frozen.pool.least_residents_of_area),
            indicators=len(frozen.indicators),
            first=CANDIDATES[0],
            last=CANDIDATES[-1],
            starts=frozen.starts,
            resamples=frozen.resamples,
            twins=TWINS,
        )
    }


def _bullet(line: str) -> str:
    return f"  - {line.strip()}" if line.startswith(" ") else f"- {line}"


def _row(tables: Mapping[str, pl.DataFrame], group: Group) -> str:
    here = tables["fatto_profilo"].filter(pl.col("profilo_id") == group.profilo_id).height
    return f"| `{group.profilo_id}` | {group.etichetta} | {group.areas} | {here} |"


TEXT = """\
# Profili, tipologia, aree simili

Questa pagina è scritta da `{command}`: i numeri sono quelli pubblicati, non trascritti.

## Il profilo è una regola

Il profilo di un'area è l'insieme dei bisogni che hanno più probabilità che no di stare nel terzo
più alto della città. Sono **punti di forza** i bisogni che hanno più probabilità che no di stare
nel terzo più basso. Accanto al profilo ci sono tre misure:

- l'appartenenza, cioè la quota di simulazioni con proprio quel profilo;
- il secondo profilo, il più frequente dopo il primo;
- la stabilità, da 0 (come una moneta) a 1 (certa), del bisogno più incerto.

Un bisogno misurato solo in parte non dà profilo da solo e non è mai un punto di forza. Le
simulazioni di una città non dipendono dalle altre: un'area in più a Parma non cambia niente a Como.

## La tipologia confronta le aree di tutta Italia

La regola guarda dentro la città. La tipologia dice a quali aree di altre città un'area somiglia.
I gruppi sono cercati fra le aree di censimento delle città italiane {pool}. Restano fuori le aree
con meno di {least_area} residenti e l'anello delle case sparse (ACE 0). Si usano i {indicators}
indicatori di indice che si confrontano fra città, stimati come per le nostre città, con i valori
estremi trattati dalla regola degli indici, in deviazioni standard.

- Metodo: k-means, {starts} partenze.
- Numero di gruppi: da {first} a {last}; si prende il più grande che resta stabile. La stabilità è
  l'indice di Rand corretto medio su {resamples} ricampionamenti delle aree, e serve almeno 0,75.
  Se nessun numero ci arriva, la tipologia è solo *esplorativa*.
- Il numero scelto non è quello più stabile, ma il più grande che passa la soglia: dà più tipi da
  leggere e meno sicurezza. Con meno gruppi la stabilità può essere più alta, con uno in più può
  stare appena sotto la soglia. Le misure di ogni numero sono nell'elenco più avanti.
- Due gruppi soli non si provano: dicono chi ha più e chi meno bisogno, come già fanno gli indici.
- I centri dei gruppi sono **congelati** in una tabella del progetto. Di notte ogni area va al
  centro più vicino, con i suoi valori pubblicati e con niente altro. Perciò un'area nuova non
  cambia il gruppo di nessuna, e un valore riservato non si può ricavare dal gruppo.
- Appartenenza: probabilità del gruppo in una mistura di gaussiane con gli stessi centri e una sola
  varianza. Stabilità: quota di simulazioni, dentro gli intervalli pubblicati, in cui l'area resta
  nel gruppo.
- I nomi vengono dai numeri: il segnale di bisogno più forte e il punto di forza più forte, di due
  bisogni diversi. Un tratto conta da mezza deviazione standard in su.

| Codice | Nome | Aree italiane | Aree pubblicate qui |
|---|---|---|---|
{groups}

Nelle nostre città, tutte del Nord, i gruppi presenti sono pochi: la differenza più grande fra le
aree italiane è quella fra Nord e Sud. Per decidere dentro una città serve la regola.

Una nuova edizione si fa con questo comando. I gruppi tengono il numero di quelli di prima con cui
hanno più aree in comune.

```sh
{freezing} --edition <anno>
```

## Aree simili

Per ogni area le {twins} più vicine **di altre città**. La distanza è la differenza media (radice
della media dei quadrati) sugli stessi indicatori e con la stessa scala congelata: dipende solo
dalle due aree. Le aree di censimento si confrontano con aree di censimento; i quartieri con i
quartieri, o con le aree di censimento delle città che non ne hanno. Restano fuori le aree piccole
e gli anelli. Un valore non pubblicato non entra nel confronto; ne servono almeno sei. I tratti
comuni dicono come tutte e due le aree differiscono dalla propria città.

## Misurato sull'ultimo rilascio

{report}
"""
