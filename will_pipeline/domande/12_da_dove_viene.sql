-- titolo: Da dove viene questo numero?
-- parametri: area (testo) = 034027.Q04; indicatore (testo) = disoccupazione
-- come_si_legge: Una riga per anno e gruppo, con la formula, il metodo e la fonte. Tipo dice se il
-- numero è della fonte o è una stima. L'impronta sha256 permette di controllare che il file della
-- fonte sia proprio quello. Se aggiornata è falso si usa l'ultima copia buona.
-- se_vuota: Questo indicatore non c'è a questo livello. Quelli dell'area sono nella domanda 2.
SELECT
  c.nome AS comune,
  a.nome AS area,
  i.nome AS indicatore,
  f.anno,
  f.gruppo,
  f.valore,
  f.ic_inf AS da,
  f.ic_sup AS a,
  i.unita,
  f.numeratore,
  f.denominatore,
  i.numeratore_def,
  i.denominatore_def,
  i.formula,
  i.tipo,
  i.metodo,
  f.stato,
  f.affidabilita,
  f.anno_struttura,
  s.titolo AS fonte,
  s.ente,
  s.url,
  s.licenza,
  s.data_riferimento,
  s.scaricato_il,
  s.sha256,
  s.aggiornata,
  s.problemi_noti
FROM fatto_indicatore AS f
JOIN dim_area AS a ON a.area_id = f.area_id
JOIN dim_comune AS c ON c.pro_com = a.pro_com
JOIN dim_indicatore AS i ON i.indicatore_id = f.indicatore_id
JOIN dim_fonte AS s ON s.fonte_id = f.fonte_id
WHERE f.area_id = $area AND f.indicatore_id = $indicatore
ORDER BY f.anno, f.gruppo
