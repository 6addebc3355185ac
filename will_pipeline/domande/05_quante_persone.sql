-- titolo: Quante persone ci si aspetta, area per area?
-- parametri: comune (testo) = Parma
-- come_si_legge: Sono persone stimate, con l'intervallo. La quota serve a confrontare le aree; le persone servono a dimensionare un servizio. Un'area grande ha più persone di una piccola anche a parità di quota.
SELECT
  a.area_id,
  a.nome AS area,
  a.livello,
  d.nome AS bisogno,
  i.nome_breve AS che_cosa,
  f.valore AS persone_stimate,
  f.ic_inf AS da,
  f.ic_sup AS a,
  q.valore AS quota_percento,
  f.stato,
  f.affidabilita,
  f.anno
FROM fatto_indicatore AS f
JOIN dim_indicatore AS i ON i.indicatore_id = f.indicatore_id
JOIN dim_dimensione AS d ON d.dimensione = i.dimensione
JOIN dim_area AS a ON a.area_id = f.area_id
JOIN dim_comune AS c ON c.pro_com = a.pro_com
LEFT JOIN fatto_indicatore AS q
  ON q.area_id = f.area_id AND q.anno = f.anno AND q.gruppo = f.gruppo
  AND q.indicatore_id = f.indicatore_id || '_quota'
WHERE i.ruolo = 'persone' AND i.unita <> '%' AND c.nome = $comune
ORDER BY d.ordine, a.livello, f.valore DESC NULLS LAST, a.area_id
