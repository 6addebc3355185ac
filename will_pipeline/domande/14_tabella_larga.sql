-- titolo: La tabella larga per il foglio di calcolo
-- parametri: nessuno
-- come_si_legge: Una riga per area di tutte le città, con i quattro indici, il loro intervallo e il
-- profilo. L'indice 100 è la media della propria città: due aree di città diverse non si
-- confrontano. Prima di filtrare si sceglie un livello, perché quartieri (Q) e aree di censimento
-- (A) si sovrappongono. Una cella vuota è un numero che manca, non uno zero.
SELECT *
FROM v_aree_larga
ORDER BY comune, livello, area_id
