-- titolo: Dove due o più bisogni si sommano?
-- parametri: comune (testo) = Parma
-- come_si_legge: Una riga per area, da dove i bisogni in evidenza sono di più. Un bisogno è in
-- evidenza se in più di metà delle prove l'area sta nel terzo più alto della città. I bisogni
-- misurati solo in parte non entrano. Zero non vuol dire che qui nessuno abbia bisogno.
SELECT
  v.area_id,
  v.area,
  v.livello,
  v.anno,
  v.bisogni AS bisogni_in_evidenza,
  v.quali,
  v.bisogni >= 2 AS si_sommano,
  v.residenti,
  p.etichetta AS profilo,
  round(f.appartenenza, 2) AS appartenenza
FROM v_bisogni_cumulati AS v
LEFT JOIN fatto_profilo AS f
  ON f.area_id = v.area_id AND f.anno = v.anno AND f.modello = 'regola'
LEFT JOIN dim_profilo AS p ON p.profilo_id = f.profilo_id
WHERE v.comune = $comune
ORDER BY v.anno DESC, v.livello, v.bisogni DESC, v.area_id
