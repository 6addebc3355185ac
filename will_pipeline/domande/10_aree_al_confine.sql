-- titolo: Aree al confine fra due profili
-- parametri: modello (testo) = regola; soglia (numero) = 0.2
-- come_si_legge: Le aree con stabilità sotto la soglia, dalla meno sicura.
-- Qui il profilo può cambiare con poco: si guarda anche il secondo.
-- Appartenenza e stabilità vanno da 0 a 1.
-- Per la tipologia la soglia utile è più alta, per esempio 0,8.
-- Chi conosce l'area può dire quale dei due profili le somiglia.
-- se_vuota: Nessuna area ha la stabilità sotto la soglia. Con una soglia più alta se ne vedono altre.
SELECT
  c.nome AS comune,
  a.area_id,
  a.nome AS area,
  a.livello,
  p.etichetta AS profilo,
  round(f.appartenenza, 2) AS appartenenza,
  s.etichetta AS secondo_profilo,
  round(f.stabilita, 2) AS stabilita
FROM fatto_profilo AS f
JOIN dim_profilo AS p ON p.profilo_id = f.profilo_id
LEFT JOIN dim_profilo AS s ON s.profilo_id = f.secondo_profilo_id
JOIN dim_area AS a ON a.area_id = f.area_id
JOIN dim_comune AS c ON c.pro_com = a.pro_com
WHERE f.modello = $modello AND f.stabilita < $soglia
ORDER BY f.stabilita, f.area_id
