-- titolo: Quanti residenti vivono nelle aree di bisogno più alto?
-- parametri: comune (testo) = Parma
-- come_si_legge: Una riga per bisogno e livello. Sono i residenti di quelle aree, non le persone in
-- bisogno. Probabili e possibili dicono quanto è sicuro che l'area stia nel quinto più alto della
-- città. Le attese pesano i residenti di ogni area con la sua probabilità. I due livelli si
-- sovrappongono e non si sommano.
SELECT
  d.nome AS bisogno,
  a.livello,
  f.anno,
  count(*) AS aree,
  sum(a.popolazione) AS residenti,
  count(*) FILTER (f.p_quinto_alto > 0.8) AS aree_probabili,
  coalesce(sum(a.popolazione) FILTER (f.p_quinto_alto > 0.8), 0) AS residenti_aree_probabili,
  count(*) FILTER (f.p_quinto_alto BETWEEN 0.2 AND 0.8) AS aree_possibili,
  coalesce(sum(a.popolazione) FILTER (f.p_quinto_alto BETWEEN 0.2 AND 0.8), 0)
    AS residenti_aree_possibili,
  round(sum(a.popolazione * f.p_quinto_alto)) AS residenti_attesi,
  round(100.0 * sum(a.popolazione * f.p_quinto_alto) / sum(a.popolazione), 1)
    AS residenti_attesi_percento
FROM fatto_indice AS f
JOIN dim_area AS a ON a.area_id = f.area_id
JOIN dim_comune AS c ON c.pro_com = a.pro_com
JOIN dim_dimensione AS d ON d.dimensione = f.dimensione
WHERE c.nome = $comune AND f.metodo = 'ampi_citta' AND f.p_quinto_alto IS NOT NULL
GROUP BY d.ordine, d.nome, a.livello, f.anno
ORDER BY d.ordine, a.livello, f.anno DESC
