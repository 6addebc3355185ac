-- titolo: Tutto quello che si sa di un'area
-- parametri: area (testo) = 034027.Q04
-- come_si_legge: Una riga per indicatore e anno. Lettura dice se l'area sta sopra o sotto la città, o
-- se non si distingue. Dove il valore manca lo stato dice perché: soppresso vuol dire pochi casi, e
-- non vuol dire zero. Prima di usare un numero si legge che cosa non dice.
SELECT
  comune,
  area,
  coalesce(bisogno, 'contesto') AS bisogno,
  indicatore,
  ruolo,
  anno,
  gruppo,
  valore,
  ic_inf AS da,
  ic_sup AS a,
  unita,
  valore_comune,
  lettura,
  stato,
  affidabilita,
  tipo,
  come_si_legge,
  cosa_non_dice,
  fonte
FROM v_scheda_area
WHERE area_id = $area
ORDER BY bisogno IS NULL, bisogno, ruolo, indicatore, anno, gruppo
