-- titolo: Dove il bisogno è alto e i presìdi sono pochi?
-- parametri: comune (testo) = Parma
-- come_si_legge: Una riga per area, bisogno e tipo di presidio. Alto bisogno vuol dire che l'area sta
-- nel quinto più alto della città con più probabilità che no. Pochi presìdi vuol dire meno, ogni
-- mille residenti, dell'area di mezzo della città. «Forse» vuol dire che di alcuni presìdi non si
-- conosce l'area, quindi il numero è un minimo. «Non noto» non vuol dire zero: dice che i confini
-- o le coordinate mancano, e il motivo è nell'ultima colonna.
SELECT
  area,
  livello,
  bisogno,
  round(p_quinto_alto, 2) AS p_quinto_alto,
  classe,
  tipo,
  numero,
  round(per_mille, 3) AS per_mille,
  round(mediana_citta, 3) AS mediana_citta,
  distanza_media_m,
  incrocio,
  motivo
FROM v_bisogno_e_presidi
WHERE comune = $comune AND p_quinto_alto > 0.5
ORDER BY
  CASE
    WHEN incrocio = 'alto bisogno, pochi presìdi' THEN 1
    WHEN incrocio = 'alto bisogno, forse pochi presìdi' THEN 2
    WHEN incrocio = 'alto bisogno' THEN 3
    ELSE 4
  END,
  p_quinto_alto DESC,
  area_id,
  dimensione,
  tipo
