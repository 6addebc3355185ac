// Search among the areas listed on the page; the words sought stay in the address.
"use strict";

(() => {
  const plain = (text) =>
    text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().trim();

  const box = document.getElementById("cerca");
  const field = document.getElementById("parola");
  const told = document.getElementById("trovate");
  const entries = Array.from(document.querySelectorAll("li[data-words]"));
  const words = new Map(entries.map((entry) => [entry, plain(entry.dataset.words)]));

  const show = () => {
    const wanted = plain(field.value).split(/\s+/).filter(Boolean);
    let found = 0;
    for (const entry of entries) {
      const fits = wanted.every((word) => words.get(entry).includes(word));
      entry.hidden = !fits;
      found += fits ? 1 : 0;
    }
    for (const section of document.querySelectorAll("section.found")) {
      section.hidden = !section.querySelector("li:not([hidden])");
    }
    if (wanted.length === 0) told.textContent = `${entries.length} aree in tutto.`;
    else if (found === 0) told.textContent = "Nessuna area trovata: prova con una parola sola.";
    else if (found === 1) told.textContent = "1 area trovata: Invio apre la scheda.";
    else told.textContent = `${found} aree trovate: Invio apre la prima.`;
  };

  const read = () => {
    try {
      field.value = decodeURIComponent(location.hash.slice(1));
    } catch {
      field.value = "";
    }
    show();
  };

  field.addEventListener("input", () => {
    history.replaceState(null, "", `#${encodeURIComponent(field.value)}`);
    show();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || plain(field.value) === "") return;
    const first = document.querySelector("li[data-words]:not([hidden]) a");
    if (first) location.href = first.href;
  });
  window.addEventListener("hashchange", read);
  box.hidden = false;
  read();
})();
