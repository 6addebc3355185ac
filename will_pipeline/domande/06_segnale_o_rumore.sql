-- titolo: È un segnale o è rumore?
-- parametri: comune (testo) = Parma
-- come_si_legge: Una riga per indicatore e livello. Le aree distinguibili sono quelle il cui
-- intervallo non contiene il valore della città. Con intervalli al 90 % ci si aspetta che il caso
-- da solo ne faccia sembrare diverse circa dieci su cento. Se sono di più l'indicatore separa le
-- aree; se sono poche la differenza fra due aree può essere solo rumore.
SELECT
  d.nome AS bisogno,
  i.nome AS indicatore,
  a.livello,
  f.anno,
  count(*) AS aree,
  count(*) FILTER (f.lettura = 'sopra') AS sopra_la_citta,
  count(*) FILTER (f.lettura = 'sotto') AS sotto_la_citta,
  count(*) FILTER (f.lettura = 'non_distinguibile') AS non_distinguibili,
  round(100.0 * count(*) FILTER (f.lettura IN ('sopra', 'sotto')) / count(*), 1)
    AS distinguibili_percento,
  round(median(f.ic_sup - f.ic_inf), 2) AS ampiezza_intervallo_mediana,
  round(max(f.valore) - min(f.valore), 2) AS distanza_fra_aree,
  i.unita
FROM fatto_indicatore AS f
JOIN dim_area AS a ON a.area_id = f.area_id
JOIN dim_comune AS c ON c.pro_com = a.pro_com
JOIN dim_indicatore AS i ON i.indicatore_id = f.indicatore_id
JOIN dim_dimensione AS d ON d.dimensione = i.dimensione
WHERE c.nome = $comune AND a.livello <> 'C' AND f.stato = 'valido' AND f.lettura IS NOT NULL
GROUP BY d.ordine, d.nome, f.indicatore_id, i.nome, a.livello, f.anno, i.unita
ORDER BY d.ordine, a.livello, distinguibili_percento DESC, f.indicatore_id, f.anno
