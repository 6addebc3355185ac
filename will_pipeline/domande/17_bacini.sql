-- titolo: Quali aree insieme raggiungono la massa critica per un servizio?
-- parametri: comune (testo) = Parma
-- come_si_legge: Ogni riga è un bacino, cioè aree messe insieme finché le persone attese arrivano alla soglia. La probabilità dice quanto è sicuro che ci arrivino davvero. Un bacino unito per profilo mette insieme aree simili, che possono non confinare.
-- se_vuota: Nessun bacino: in questa città le persone attese non bastano o non si pubblicano.
SELECT
  b.bacino_id,
  d.nome AS bisogno,
  b.nome AS bacino,
  string_agg(a.nome, ', ' ORDER BY a.area_id) AS aree,
  b.persone_attese,
  b.persone_inf AS da,
  b.persone_sup AS a,
  b.soglia,
  b.p_soglia AS probabilita_soglia,
  b.contiguo,
  b.metodo,
  b.aree_senza_numero,
  b.nota
FROM bacino AS b
JOIN bacino_area AS m ON m.bacino_id = b.bacino_id
JOIN dim_area AS a ON a.area_id = m.area_id
JOIN dim_comune AS c ON c.pro_com = b.pro_com
JOIN dim_dimensione AS d ON d.dimensione = b.dimensione
WHERE c.nome = $comune
GROUP BY ALL
ORDER BY min(d.ordine), b.bacino_id
