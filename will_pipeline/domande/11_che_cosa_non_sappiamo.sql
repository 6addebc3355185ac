-- titolo: Che cosa non sappiamo?
-- parametri: comune (testo) = Parma
-- come_si_legge: Una riga per indicatore, livello e motivo. Soppresso vuol dire che i casi sono
-- pochi, e il numero non si pubblica. Non disponibile vuol dire che la fonte non lo dà. Nessuno
-- dei due vuol dire zero. Le ultime righe dicono quali bisogni sono misurati solo in parte.
-- se_vuota: Per questa città non manca nessun numero.
SELECT
  d.nome AS bisogno,
  i.nome AS che_cosa,
  a.livello,
  f.anno,
  CASE f.stato
    WHEN 'soppresso' THEN 'pochi casi: non pubblicato'
    WHEN 'soppresso_secondario' THEN 'non pubblicato, per non far ricavare un altro numero'
    WHEN 'non_applicabile' THEN 'non si applica'
    ELSE 'la fonte non lo dà'
  END AS perche,
  count(*) AS aree,
  i.cosa_non_dice
FROM fatto_indicatore AS f
JOIN dim_area AS a ON a.area_id = f.area_id
JOIN dim_comune AS c ON c.pro_com = a.pro_com
JOIN dim_indicatore AS i ON i.indicatore_id = f.indicatore_id
LEFT JOIN dim_dimensione AS d ON d.dimensione = i.dimensione
WHERE c.nome = $comune AND f.stato <> 'valido'
GROUP BY ALL
UNION ALL
SELECT
  nome,
  'indice misurato solo in parte',
  NULL,
  NULL,
  motivo_parziale,
  NULL,
  cosa_non_dice
FROM dim_dimensione
WHERE parziale
ORDER BY livello NULLS LAST, bisogno NULLS LAST, che_cosa, anno, perche
