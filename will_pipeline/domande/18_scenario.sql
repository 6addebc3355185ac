-- titolo: Quante persone fra alcuni anni, se nulla cambia nella quota di oggi?
-- parametri: comune (testo) = Parma
-- come_si_legge: È uno scenario, non una previsione: cambiano le età di chi vive nell'area, la quota
-- di persone nel bisogno resta ferma. L'intervallo comprende quanto il metodo ha sbagliato in
-- passato. Dove il numero manca, l'ultima colonna dice perché: senza due strutture per età delle
-- stesse aree non c'è scenario, e niente qui lo inventa. Le ultime righe sono le serie della città o
-- della provincia, che non valgono per le singole aree.
WITH citta AS (
  SELECT pro_com FROM dim_comune WHERE nome = $comune
),
aree AS (
  SELECT
    a.nome AS dove,
    a.livello,
    d.nome AS che_cosa,
    p.anno,
    p.scenario,
    p.persone AS valore,
    p.inf,
    p.sup,
    'persone stimate' AS unita,
    p.errore_prova AS errore_nelle_prove,
    p.nota,
    p.motivo,
    a.area_id AS ordine
  FROM proiezione AS p
  JOIN dim_area AS a ON a.area_id = p.area_id
  JOIN dim_dimensione AS d ON d.dimensione = p.dimensione
  JOIN citta AS c ON c.pro_com = a.pro_com
),
con_numero AS (
  SELECT * EXCLUDE (motivo), 1 AS parte FROM aree WHERE motivo IS NULL
),
senza_numero AS (
  SELECT
    count(*) || ' aree, comune compreso' AS dove,
    string_agg(DISTINCT livello, ', ' ORDER BY livello) AS livello,
    che_cosa,
    anno,
    scenario,
    NULL::DOUBLE AS valore,
    NULL::DOUBLE AS inf,
    NULL::DOUBLE AS sup,
    unita,
    NULL::DOUBLE AS errore_nelle_prove,
    motivo AS nota,
    che_cosa AS ordine,
    2 AS parte
  FROM aree
  WHERE motivo IS NOT NULL
  GROUP BY che_cosa, anno, scenario, unita, motivo
),
serie AS (
  SELECT
    s.ambito AS dove,
    'C' AS livello,
    i.nome AS che_cosa,
    s.anno,
    'serie' AS scenario,
    s.valore,
    s.inf,
    s.sup,
    i.unita,
    s.errore_prova AS errore_nelle_prove,
    CASE WHEN s.prove = 0 THEN 'Così avanti l''errore non si può ancora misurare.' END AS nota,
    i.indicatore_id AS ordine,
    3 AS parte
  FROM serie_citta AS s
  JOIN dim_indicatore AS i ON i.indicatore_id = s.indicatore_id
  JOIN dim_area AS a ON a.area_id = s.area_id
  JOIN citta AS c ON c.pro_com = a.pro_com
  WHERE s.natura = 'proiettato'
)
SELECT dove, livello, che_cosa, anno, scenario, valore, inf, sup, unita, errore_nelle_prove, nota
FROM (
  SELECT * FROM con_numero UNION ALL SELECT * FROM senza_numero UNION ALL SELECT * FROM serie
) AS tutto
ORDER BY parte, ordine, che_cosa, anno, scenario
