-- titolo: Chi avrebbe di più e chi di meno con un'altra ripartizione?
-- parametri: comune (testo) = Parma
-- come_si_legge: Una riga per esercizio e area. È un esercizio, non una scelta: mostra che cosa
-- cambierebbe se si dividesse secondo il bisogno stimato. La proposta ha un intervallo, perché il
-- bisogno è una stima. Sicuro vuol dire che almeno novanta simulazioni su cento dicono lo stesso.
-- Chi è fuori tiene la quantità di oggi, perché il suo bisogno non si pubblica.
-- se_vuota: Nessun esercizio: per questa città in questo rilascio il file ripartizione non c'è. Se lo hai consegnato, entra con «will esegui».
SELECT
  r.titolo,
  r.regola,
  r.unita,
  r.quantita AS da_dividere,
  r.stato,
  r.base AS bisogno_usato,
  v.area_id,
  a.nome AS area,
  round(v.bisogno, 1) AS bisogno_stimato,
  round(v.bisogno_inf, 1) AS bisogno_da,
  round(v.bisogno_sup, 1) AS bisogno_a,
  v.oggi,
  v.proposta,
  v.proposta_inf AS proposta_da,
  v.proposta_sup AS proposta_a,
  v.differenza,
  v.esito,
  round(v.p_guadagna, 2) AS p_guadagna,
  round(v.p_perde, 2) AS p_perde,
  v.sicuro,
  v.motivo,
  r.lettura
FROM ripartizione AS r
JOIN dim_comune AS c ON c.pro_com = r.pro_com
LEFT JOIN ripartizione_area AS v ON v.esercizio_id = r.esercizio_id
LEFT JOIN dim_area AS a ON a.area_id = v.area_id
WHERE c.nome = $comune
ORDER BY r.esercizio_id, v.differenza DESC, v.area_id
