-- titolo: La misura ha mosso qualcosa?
-- parametri: comune (testo) = Parma
-- come_si_legge: Una riga per misura. L'effetto è quanto l'esito è cambiato dove la misura è partita,
-- meno quanto è cambiato nelle aree di confronto. Se manca non si può concludere, e la lettura dice
-- perché. Non distinguibile non vuol dire inutile: sotto l'effetto minimo non si vede nulla. Un
-- effetto visto non prova che la causa sia la misura.
-- se_vuota: Nessuna misura: per questa città in questo rilascio il file misure non c'è. Se lo hai consegnato, entra con «will esegui».
SELECT
  v.misura,
  d.nome AS bisogno,
  v.esito,
  v.unita,
  v.inizio,
  v.primo_anno,
  v.ultimo_anno,
  v.aree,
  v.aree_confronto,
  v.confronto,
  v.stato,
  v.effetto,
  v.ic_inf AS effetto_da,
  v.ic_sup AS effetto_a,
  v.effetto_minimo_rilevabile,
  round(v.p_effetto, 3) AS p_effetto,
  round(v.p_tendenze, 3) AS p_tendenze,
  v.valore_prima,
  v.lettura
FROM valutazione AS v
JOIN dim_comune AS c ON c.pro_com = v.pro_com
JOIN dim_dimensione AS d ON d.dimensione = v.dimensione
WHERE c.nome = $comune
ORDER BY v.inizio, v.valutazione_id
