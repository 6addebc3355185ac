-- titolo: Che cosa ha detto il tavolo, accanto ai dati?
-- parametri: comune (testo) = Parma
-- come_si_legge: Una riga per voce raccolta al tavolo, con accanto ciò che dicono i dati sulla
-- stessa area e sullo stesso bisogno. Se il tavolo contraddice i dati non ha torto nessuno dei due:
-- i dati sono stime di anni passati, chi vive nell'area vede altro. Sono le righe da cui partire.
-- Se la voce non parla di uno dei quattro bisogni accanto non c'è nulla.
-- se_vuota: Nessun tavolo: per questa città in questo rilascio il file voce_tavolo non c'è. Se lo hai consegnato, entra con «will esegui». Non vuol dire che nessuno abbia parlato.
WITH ultimo AS (
  SELECT area_id, dimensione, anno, indice, ic_inf, ic_sup, p_quinto_alto
  FROM fatto_indice
  WHERE metodo = 'ampi_citta'
  QUALIFY row_number() OVER (PARTITION BY area_id, dimensione ORDER BY anno DESC) = 1
)
SELECT
  v.data_tavolo,
  v.area_id,
  a.nome AS area,
  d.nome AS bisogno,
  v.tipo_attore,
  v.esito AS il_tavolo,
  v.sintesi,
  v.risorsa_indicata,
  u.anno AS anno_dei_dati,
  round(u.indice, 1) AS indice,
  round(u.ic_inf, 1) AS indice_da,
  round(u.ic_sup, 1) AS indice_a,
  round(u.p_quinto_alto, 2) AS p_quinto_alto,
  CASE
    WHEN u.indice IS NULL THEN 'i dati non dicono nulla'
    WHEN u.ic_inf > 100 THEN 'bisogno stimato sopra la media della città'
    WHEN u.ic_sup < 100 THEN 'bisogno stimato sotto la media della città'
    ELSE 'non si distingue dalla media della città'
  END AS i_dati,
  v.esito = 'contraddice' AS da_discutere
FROM voce_territorio AS v
JOIN dim_area AS a ON a.area_id = v.area_id
JOIN dim_comune AS c ON c.pro_com = a.pro_com
LEFT JOIN dim_dimensione AS d ON d.dimensione = v.dimensione
LEFT JOIN ultimo AS u ON u.area_id = v.area_id AND u.dimensione = v.dimensione
WHERE c.nome = $comune
ORDER BY da_discutere DESC, v.data_tavolo DESC, v.voce_id
