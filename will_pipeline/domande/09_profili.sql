-- titolo: I profili nelle otto città
-- parametri: modello (testo) = regola
-- come_si_legge: Una riga per profilo, città e livello, con quante aree lo hanno.
-- Modello regola: quali bisogni sono più alti nella propria città; non confronta le città.
-- Modello tipologia: a quale gruppo di aree italiane somiglia ogni area.
-- Appartenenza e stabilità vanno da 0 a 1: più basse, meno sicuro è il profilo.
-- Quartieri (Q) e aree di censimento (A) si sovrappongono: non si sommano.
-- Il profilo descrive l'area, non le persone.
SELECT
  p.etichetta AS profilo,
  c.nome AS comune,
  a.livello,
  count(*) AS aree,
  round(avg(f.appartenenza), 2) AS appartenenza_media,
  round(avg(f.stabilita), 2) AS stabilita_media,
  p.esplorativo,
  p.descrizione
FROM fatto_profilo AS f
JOIN dim_profilo AS p ON p.profilo_id = f.profilo_id
JOIN dim_area AS a ON a.area_id = f.area_id
JOIN dim_comune AS c ON c.pro_com = a.pro_com
WHERE f.modello = $modello AND f.motivo IS NULL
GROUP BY p.etichetta, c.nome, a.livello, p.esplorativo, p.descrizione
ORDER BY p.etichetta, c.nome, a.livello DESC
