"""No published Italian text blames a place or its people, or calls an estimate a count."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from will_pipeline.documentation.readability import LEAST_FOR_EVERYONE, gulpease
from will_pipeline.indicators import quality
from will_pipeline.indicators.goalposts import BASE_EDITION
from will_pipeline.indicators.methods import METHOD_IN_WORDS
from will_pipeline.indicators.specification import Specification, load_specification
from will_pipeline.needs.frozen_typology import load_typology
from will_pipeline.needs.profiles import profile_rows, strengths_in_words
from will_pipeline.needs.typology import typology_rows

TEXTS = runpy.run_path(str(Path(__file__).with_name("texts.py")))
# A cell of a table is a sentence of its own.
SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n\s*\n|\s*\|\s*")
DENIED = re.compile(r"\b(non|né|mai|nessun\w*|niente|neanche)\b", re.IGNORECASE)
FOREIGN = r"(stranier|immigrat|seconde generazioni|senza cittadinanza)\w*"
NEAR = r"[^.;!?]{0,80}"
WHO = r"(persone|giovani|ragazzi|anziani|residenti|neet|isolati|minori|donne)"

PLACE = re.compile(
    r"\bdegrad|\bghett[oi]|banlieue|malfamat|malasort"
    rf"|\b(periferi|quartier|zon)\w*{NEAR}\b(difficil|problematic|malat|pericolos|abbandonat)",
    re.IGNORECASE,
)
RANKING = re.compile(
    r"\bpeggior|\bclassifich?[ae]\b|maglia nera|fanalin|ultim[ie] della (citt|graduatori)",
    re.IGNORECASE,
)
PEOPLE = re.compile(
    r"extracomunitar|clandestin|\bnomad[ei]\b|zingar|sbandat|fannullon|bamboccion|parassit"
    r"|\b(famigli|giovan|ragazz|anzian)\w* (problematic|disagiat|difficil|a rischio)",
    re.IGNORECASE,
)
NEED = re.compile(
    rf"{FOREIGN}{NEAR}\b(problem|emergenz|allarm|invasion|minacci|pericol|bisogn)"
    rf"|\b(problem|emergenz|allarm|invasion|minacci|pericol|bisogn)\w*{NEAR}{FOREIGN}",
    re.IGNORECASE,
)
COUNT = re.compile(
    r"\b(è|sono)( un| il| i| dei)? conteggi"
    rf"|\bcont(a|ano|ate|ati|are|iamo|eggio (di|delle|dei|degli)) ((le|i|gli|di|dei|delle) )?{WHO}"
    rf"|\b{WHO}( \w+)? (contat|censit)[aei]\b",
    re.IGNORECASE,
)
REACH_OF_A_DENIAL = 30
"""Characters before a phrase within which a denial is about that phrase."""
# A denial ("non è un bisogno") says the opposite of what these two rules forbid.
RULES = {
    "blames a place": (PLACE, False),
    "ranks the worst": (RANKING, False),
    "blames people": (PEOPLE, False),
    "makes foreign residents a need": (NEED, True),
    "calls an estimate a count": (COUNT, True),
}
ALLOWED = {
    "Niente classifiche secche.": "says that there are none",
    "Un posto in classifica da solo non si pubblica mai": "says that there are none",
    "I casi osservati sono i conteggi di partenza": "the counts an estimate starts from",
}
ESTIMATED = ("sintetico", "modellato")
TELLS_AN_ESTIMATE = re.compile(r"stim|probabil|attes|verosimil|previst", re.IGNORECASE)


def faults(text: str) -> Iterator[tuple[str, str]]:
    """Rules broken by a text, with the sentence that breaks each."""
    for sentence in SENTENCE.split(text):
        for rule, (pattern, denial_heals) in RULES.items():
            if any(each in sentence for each in ALLOWED):
                continue
            for found in pattern.finditer(sentence):
                nearby = sentence[max(0, found.start() - REACH_OF_A_DENIAL) : found.end()]
                if not (denial_heals and DENIED.search(nearby)):
                    yield rule, " ".join(sentence.split())
                    break


def test_no_published_text_breaks_a_rule() -> None:
    texts = list(TEXTS["published_texts"]())
    assert {Path(where).suffix for where, _ in texts} >= {".yaml", ".py", ".html", ".md", ".ipynb"}
    broken = [
        f"{where}: {rule}: {sentence}" for where, text in texts for rule, sentence in faults(text)
    ]
    assert broken == []


def test_every_exception_is_still_needed() -> None:
    whole = "\n".join(" ".join(text.split()) for _, text in TEXTS["published_texts"]())
    assert [text for text in ALLOWED if text not in whole] == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Un'area degradata della città.", "blames a place"),
        ("La periferia degradata.", "blames a place"),
        ("I quartieri più difficili.", "blames a place"),
        ("La classifica dei peggiori quartieri.", "ranks the worst"),
        ("Famiglie problematiche in aumento.", "blames people"),
        ("Gli stranieri sono un problema.", "makes foreign residents a need"),
        ("È l'emergenza degli immigrati.", "makes foreign residents a need"),
        ("Il bisogno cresce con i residenti stranieri.", "makes foreign residents a need"),
        ("Il numero di NEET è un conteggio.", "calls an estimate a count"),
        ("L'indicatore conta le persone in bisogno.", "calls an estimate a count"),
        ("Sono i giovani NEET contati nell'area.", "calls an estimate a count"),
        ("Conta i giovani dell'area che non studiano.", "calls an estimate a count"),
        (
            "I ragazzi stranieri sono un problema: e non dice come stanno.",
            "makes foreign residents a need",
        ),
    ],
)
def test_what_must_not_be_written_is_found(text: str, rule: str) -> None:
    assert rule in {found for found, _ in faults(text)}


@pytest.mark.parametrize(
    "text",
    [
        "La presenza di stranieri non è un bisogno: è il denominatore.",
        "Non è un conteggio dei NEET.",
        "Non conta chi vive in città senza residenza.",
        "Area non classificata.",
        "Aree in graduatoria nella stessa città.",
        "Il disagio economico delle famiglie.",
    ],
)
def test_what_may_be_written_is_left_alone(text: str) -> None:
    assert list(faults(text)) == []


@pytest.fixture(scope="module", params=[2011, 2021, 2023])
def specification(request: pytest.FixtureRequest) -> Specification:
    return load_specification(vintage=request.param)


def test_texts_of_estimates_speak_of_no_count(specification: Specification) -> None:
    estimates = [card for card in specification.indicators.values() if card.tipo in ESTIMATED]
    assert estimates
    for card in estimates:
        told = (card.nome, card.come_si_legge, METHOD_IN_WORDS[card.estimator.kind])
        for text in told:
            healed = DENIED.search(text)
            assert healed or not re.search(r"\b(contat|censit)[oaie]\b", text), card.indicatore_id


def test_persons_in_need_are_told_as_an_estimate(specification: Specification) -> None:
    persons = [card for card in specification.indicators.values() if card.ruolo == "persone"]
    silent = [
        card.indicatore_id
        for card in persons
        if not TELLS_AN_ESTIMATE.search(f"{card.nome} {card.come_si_legge}")
    ]
    assert silent == []
    assert TELLS_AN_ESTIMATE.search(quality.ROLES["persone"])


def planners_read(specification: Specification) -> Iterator[tuple[str, str]]:
    for theme in specification.themes:
        for field in ("domanda", "descrizione", "cosa_non_dice", "motivo_parziale"):
            if text := getattr(theme, field):
                yield f"{theme.dimensione}.{field}", text
        for question in theme.domande_per_il_tavolo:
            yield f"{theme.dimensione}.domande_per_il_tavolo", question
    for card in specification.indicators.values():
        yield f"{card.indicatore_id}.come_si_legge", card.come_si_legge
        yield f"{card.indicatore_id}.cosa_non_dice", card.cosa_non_dice
    columns = {"profilo_id": pl.String, "stabilita": pl.Float64, "punti_di_forza": pl.String}
    nothing = pl.DataFrame(schema=columns)
    for row in profile_rows(specification, nothing).iter_rows(named=True):
        yield f"profile {row['profilo_id']}", row["descrizione"]
        yield f"profile {row['profilo_id']}", row["domande_per_il_tavolo"]
    # The typology is frozen on the indicators of its own vintage alone.
    base = load_specification()
    for row in typology_rows(base, load_typology(BASE_EDITION)).iter_rows(named=True):
        for field in ("etichetta", "descrizione", "domande_per_il_tavolo"):
            yield f"profile {row['profilo_id']}", row[field]
    yield "strengths", strengths_in_words(specification.themes[:3])
    for words in (quality.ROLES, quality.TIERS, quality.COMPARISONS):
        yield from words.items()
    yield from prose_of_the_atlas()


def prose_of_the_atlas() -> Iterator[tuple[str, str]]:
    """Fixed paragraphs, entries and captions of the templates, of at least eight words."""
    folder = TEXTS["ROOT"] / "will_pipeline" / "atlas" / "templates"
    for file in sorted(folder.glob("*.html")):
        if file.name == "english.html":
            continue
        for _, text in re.findall(
            r"<(p|li|dd|figcaption)\b[^>]*>([^{}]*?)</\1>", file.read_text("utf-8"), re.DOTALL
        ):
            plain = " ".join(re.sub(r"<[^>]*>", "", text).split())
            if len(plain.split()) >= 8:
                yield f"{file.name}: {plain}", plain


def test_what_planners_read_is_easy_to_read(specification: Specification) -> None:
    texts = list(planners_read(specification))
    assert len(texts) > 100
    hard = [
        f"{where} ({gulpease(text):.1f})"
        for where, text in texts
        if gulpease(text) < LEAST_FOR_EVERYONE
    ]
    assert hard == []
