-- titolo: Quante persone attese non sono seguite dai servizi, area per area?
-- parametri: comune (testo) = Parma
-- come_si_legge: Il bisogno latente è la differenza fra persone stimate e persone seguite. Dove la copertura è non nota il motivo dice perché: non vuol dire che nessuno sia seguito. La riga della città somma le sue aree solo se ci sono tutte. Il divario dice quante persone in meno sono seguite rispetto alla media della città.
-- senza_numero: attesi
SELECT
  a.area_id,
  a.nome AS area,
  a.livello,
  d.nome AS bisogno,
  b.attesi,
  b.attesi_inf AS attesi_da,
  b.attesi_sup AS attesi_a,
  b.serviti,
  b.anno_serviti,
  b.latenti,
  b.latenti_inf AS latenti_da,
  b.latenti_sup AS latenti_a,
  b.copertura AS copertura_percento,
  b.copertura_inf AS copertura_da,
  b.copertura_sup AS copertura_a,
  b.copertura_comune AS copertura_media_citta,
  b.divario_equita AS divario,
  b.divario_inf AS divario_da,
  b.divario_sup AS divario_a,
  b.stato_copertura,
  b.motivo_copertura,
  b.stato_attesi
FROM bisogno_latente AS b
JOIN dim_area AS a ON a.area_id = b.area_id
JOIN dim_comune AS c ON c.pro_com = a.pro_com
JOIN dim_dimensione AS d ON d.dimensione = b.dimensione
WHERE c.nome = $comune
ORDER BY d.ordine, a.livello, b.latenti DESC NULLS LAST, b.attesi DESC NULLS LAST, a.area_id
