-- titolo: Come sta cambiando la mia città nel tempo?
-- parametri: comune (testo) = Parma
-- come_si_legge: Le prime righe sono la serie della città o della sua provincia, anno per anno.
-- I valori proiettati hanno un intervallo e l'errore che il metodo ha fatto in passato.
-- Poi ci sono le aree, sui confini del 2021, con la differenza fra un censimento e l'ultimo.
-- I numeri del 2011 passano da un ponte fra confini: dove un'area è stata divisa sono stime.
-- Sono stime anche i numeri di un'area che divide i conteggi con un piccolo gruppo.
-- La natura è il tipo del numero: solo osservato e derivato vengono dritti dalla fonte.
-- Se non ci sono altri censimenti, l'ultima riga lo dice: niente qui inventa un cambiamento.
WITH citta AS (
  SELECT pro_com, nome FROM dim_comune WHERE nome = $comune
),
serie AS (
  SELECT
    s.ambito AS dove,
    i.nome AS che_cosa,
    s.anno,
    s.natura,
    s.valore,
    s.inf,
    s.sup,
    i.unita,
    s.errore_prova,
    CASE
      WHEN s.motivo IS NOT NULL THEN s.motivo
      WHEN s.natura = 'osservato' THEN NULL
      WHEN s.prove = 0 THEN 'Così avanti l''errore non si può ancora misurare.'
      WHEN s.errore_fermo < s.errore_prova
        THEN 'In passato chi diceva «resta com''è» ha sbagliato meno: '
          || round(s.errore_fermo, 1) || ' contro ' || round(s.errore_prova, 1) || '.'
      ELSE 'Errore medio nelle prove sul passato: ' || round(s.errore_prova, 1) || '.'
    END AS nota,
    1 AS parte
  FROM serie_citta AS s
  JOIN dim_indicatore AS i ON i.indicatore_id = s.indicatore_id
  JOIN dim_area AS a ON a.area_id = s.area_id
  JOIN citta AS c ON c.pro_com = a.pro_com
),
cambiate AS (
  SELECT
    e.nome AS dove,
    i.nome AS che_cosa,
    s.anno,
    CASE WHEN s.stimato THEN 'stimato' ELSE i.tipo END AS natura,
    s.valore,
    s.ic_inf AS inf,
    s.ic_sup AS sup,
    i.unita,
    NULL::DOUBLE AS errore_prova,
    CASE
      WHEN s.stato <> 'valido' THEN 'Il numero non si pubblica o non c''è.'
      WHEN s.anno = s.ultimo_anno AND s.stimato
        THEN 'È una stima: l''area divide i conteggi con un piccolo gruppo.'
      WHEN s.anno = s.ultimo_anno THEN NULL
      WHEN NOT s.confrontabile
        THEN 'Non si confronta con il ' || s.ultimo_anno
          || ': la formula è cambiata, o il numero misura l''area contro la sua città.'
      WHEN s.variazione IS NULL THEN 'Il numero dell''ultimo anno non c''è.'
      WHEN s.stimato
        THEN 'Da allora al ' || s.ultimo_anno || ': ' || round(s.variazione, 2)
          || CASE WHEN s.tramite_ponte
            THEN '. È una stima: l''area era divisa in altro modo, o divide i conteggi '
              || 'con un piccolo gruppo.'
            ELSE '. È una stima: l''area divide i conteggi con un piccolo gruppo.'
          END
      WHEN s.lettura IS NULL
        THEN 'Da allora al ' || s.ultimo_anno || ': ' || round(s.variazione, 2)
          || '. L''ultimo numero è una stima: l''area divide i conteggi con un piccolo gruppo.'
      WHEN s.lettura = 'non_distinguibile'
        THEN 'Da allora al ' || s.ultimo_anno || ' non si vede un cambiamento.'
      ELSE 'Da allora al ' || s.ultimo_anno
        || CASE WHEN s.lettura = 'in_aumento' THEN ' è salito di ' ELSE ' è sceso di ' END
        || abs(round(s.variazione, 2)) || '.'
    END AS nota,
    2 AS parte
  FROM serie_storica AS s
  JOIN area_edizione AS e ON e.area_id = s.area_id
  JOIN dim_indicatore AS i ON i.indicatore_id = s.indicatore_id
  JOIN citta AS c ON c.pro_com = e.pro_com
  WHERE e.livello <> 'C' AND i.ruolo = 'indice'
),
aree AS (
  SELECT
    'aree' AS dove,
    'Indici e indicatori delle aree' AS che_cosa,
    max(f.anno) AS anno,
    NULL::VARCHAR AS natura,
    NULL::DOUBLE AS valore,
    NULL::DOUBLE AS inf,
    NULL::DOUBLE AS sup,
    NULL::VARCHAR AS unita,
    NULL::DOUBLE AS errore_prova,
    CASE
      WHEN count(DISTINCT f.anno) = 1
        THEN 'Le aree hanno una sola data, il ' || max(f.anno)
          || ': non si può dire se sono cambiate.'
      ELSE 'Le aree hanno ' || count(DISTINCT f.anno)
        || ' date, ma senza un ponte fra i confini i loro valori non si confrontano.'
    END AS nota,
    3 AS parte
  FROM fatto_indice AS f
  JOIN dim_area AS a ON a.area_id = f.area_id
  JOIN citta AS c ON c.pro_com = a.pro_com
  WHERE a.livello <> 'C' AND NOT EXISTS (SELECT 1 FROM cambiate)
  HAVING count(*) > 0
)
SELECT dove, che_cosa, anno, natura, valore, inf, sup, unita, errore_prova, nota
FROM (
  SELECT * FROM serie UNION ALL SELECT * FROM cambiate UNION ALL SELECT * FROM aree
) AS tutto
ORDER BY parte, CASE WHEN parte = 2 THEN dove END, che_cosa, anno
