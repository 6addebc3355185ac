-- titolo: Aree di altre città come la mia
-- parametri: area (testo) = 034027.Q04
-- come_si_legge: Una riga per area simile, dalla più vicina. Posto 1 è la più simile.
-- La distanza è 0 se le due aree sono uguali sugli indicatori confrontati.
-- I tratti comuni dicono in che cosa tutte e due differiscono dalla propria città.
-- Somigliarsi non vuol dire avere gli stessi bisogni: è un invito a confrontarsi.
-- se_vuota: Nessuna area simile: quest'area non si confronta, per esempio perché ha pochi residenti.
SELECT
  s.posto,
  c.nome AS comune,
  a.area_id,
  a.nome AS area,
  a.popolazione AS residenti,
  round(s.distanza, 2) AS distanza,
  s.indicatori_usati,
  s.tratti_comuni,
  p.etichetta AS profilo
FROM area_simile AS s
JOIN dim_area AS a ON a.area_id = s.simile_id
JOIN dim_comune AS c ON c.pro_com = a.pro_com
LEFT JOIN fatto_profilo AS f ON f.area_id = s.simile_id AND f.modello = 'regola'
LEFT JOIN dim_profilo AS p ON p.profilo_id = f.profilo_id
WHERE s.area_id = $area
ORDER BY s.posto
