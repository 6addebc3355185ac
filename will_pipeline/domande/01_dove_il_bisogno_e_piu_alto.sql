-- titolo: Dove il bisogno è più alto, e quanto è sicuro il posto?
-- parametri: comune (testo) = Parma
-- come_si_legge: Una riga per area e bisogno, da dove il bisogno stimato è più alto. L'indice 100 è
-- la media della città. Il posto è sempre un intervallo, da 1 per l'area con più bisogno.
-- Probabile vuol dire che in più di 80 prove su 100 l'area sta nel quinto più alto; improbabile, in
-- meno di 20; possibile, in tutti gli altri casi.
-- Quartieri (Q) e aree di censimento (A) si sovrappongono: si leggono un livello alla volta.
SELECT
  q.bisogno,
  q.livello,
  q.area_id,
  q.area,
  q.anno,
  round(q.indice, 1) AS indice,
  round(f.ic_inf, 1) AS indice_da,
  round(f.ic_sup, 1) AS indice_a,
  q.rango_min AS posto_da,
  q.rango_max AS posto_a,
  q.n_aree AS aree_in_graduatoria,
  round(q.p_quinto_alto, 2) AS p_quinto_alto,
  q.lettura
FROM v_quintili AS q
JOIN dim_dimensione AS d ON d.nome = q.bisogno
JOIN fatto_indice AS f
  ON f.area_id = q.area_id AND f.dimensione = d.dimensione AND f.anno = q.anno
  AND f.metodo = 'ampi_citta'
WHERE q.comune = $comune
ORDER BY d.ordine, q.livello, q.anno DESC, q.indice DESC, q.area_id
