// Comparison of areas: the choice is in the address, texts and numbers come ready made.
"use strict";

(() => {
  const FEWEST = 2;
  const MOST = 4;
  const SVG = "http://www.w3.org/2000/svg";
  const { bisogni, gruppi } = window.confronto;
  const areas = new Map(gruppi.flatMap((group) => group.aree).map((area) => [area.id, area]));
  const choices = document.getElementById("scelte");
  const told = document.getElementById("detto");
  const table = document.getElementById("confronto");

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  const drawn = (name, attributes) => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  const chosen = () =>
    decodeURIComponent(location.hash.slice(1)).split("+").filter((id) => areas.has(id)).slice(0, MOST);

  const selector = (place, id) => {
    const label = element("label", `${place + 1}ª area`);
    const select = element("select");
    select.append(element("option", "–", { value: "" }));
    for (const group of gruppi) {
      const options = element("optgroup", undefined, { label: group.nome });
      for (const area of group.aree) {
        const option = element("option", `${area.nome} (${area.id})`, { value: area.id });
        option.selected = area.id === id;
        options.append(option);
      }
      select.append(options);
    }
    select.addEventListener("change", () => {
      const ids = Array.from(choices.querySelectorAll("select"), (each) => each.value);
      history.replaceState(null, "", `#${ids.filter(Boolean).join("+")}`);
      show();
    });
    label.append(select);
    return label;
  };

  const bar = (value, ends) => {
    const at = (number) => (((number - ends[0]) / (ends[1] - ends[0])) * 200).toFixed(1);
    const svg = drawn("svg", { class: "bar", viewBox: "0 0 200 22", "aria-hidden": "true" });
    const [low, index, high] = value.numeri;
    svg.append(
      drawn("line", { class: "axis", x1: 0, y1: 21, x2: 200, y2: 21 }),
      drawn("line", { class: "reference", x1: at(100), y1: 0, x2: at(100), y2: 22 }),
      drawn("line", { class: "interval", x1: at(low), y1: 11, x2: at(high), y2: 11 }),
      drawn("circle", { class: `point ${value.segno}`, cx: at(index), cy: 11, r: 6 }),
    );
    return svg;
  };

  const cell = (value, ends) => {
    if (!value) return element("td", "–");
    if (value.motivo) return element("td", value.motivo, { class: "state" });
    const made = element("td", undefined, { class: "graph" });
    made.append(element("strong", value.indice), bar(value, ends), element("small", value.intervallo));
    if (value.lettura) made.append(element("small", value.lettura));
    return made;
  };

  const row = (title, cells) => {
    const made = element("tr");
    made.append(element("th", title, { scope: "row" }), ...cells);
    return made;
  };

  const ends = (values) => {
    const numbers = values.filter((value) => value && value.numeri).flatMap((value) => value.numeri);
    const low = Math.min(80, ...numbers);
    const high = Math.max(120, ...numbers);
    return [Math.floor(low / 10) * 10, Math.ceil(high / 10) * 10];
  };

  const needs = (picked) =>
    bisogni.flatMap((need, place) => {
      const scores = picked.map((area) => area.bisogni[place]);
      const group = element("tr", undefined, { class: "group" });
      group.append(
        element("th", need.nome, { scope: "rowgroup", colspan: String(picked.length + 1) }),
      );
      const own = scores.map((score) => score.citta);
      const all = scores.map((score) => {
        const value = score.tutte;
        return value && { ...value, lettura: "" };
      });
      const rows = [group, row("Rispetto alla propria città", own.map((each) => cell(each, ends(own))))];
      if (need.confrontabile) {
        rows.push(row("Rispetto a tutte le aree", all.map((each) => cell(each, ends(all)))));
      }
      if (scores.some((score) => score.persone)) {
        rows.push(row("Persone stimate", scores.map((score) => element("td", score.persone || "–"))));
      }
      return rows;
    });

  const show = () => {
    const ids = chosen();
    const slots = Math.min(MOST, Math.max(FEWEST, ids.length + 1));
    const focused = Array.from(choices.querySelectorAll("select")).indexOf(document.activeElement);
    choices.replaceChildren(...Array.from({ length: slots }, (_, place) => selector(place, ids[place])));
    if (focused >= 0) choices.querySelectorAll("select")[Math.min(focused, slots - 1)].focus();
    const picked = ids.map((id) => areas.get(id));
    table.hidden = picked.length < FEWEST;
    told.textContent = table.hidden
      ? "Scegli almeno due aree."
      : `${picked.length} aree a confronto: ${picked.map((area) => `${area.nome} (${area.citta})`).join(", ")}.`;
    const head = element("tr");
    head.append(element("td", ""));
    for (const area of picked) {
      const title = element("th", undefined, { scope: "col" });
      title.append(
        element("a", area.nome, { href: area.pagina }),
        element("small", `${area.livello} di ${area.citta}`),
      );
      head.append(title);
    }
    table.tHead.replaceChildren(head);
    table.tBodies[0].replaceChildren(
      row("Residenti", picked.map((area) => element("td", area.residenti))),
      row("Profilo", picked.map((area) => element("td", area.profilo))),
      ...needs(picked),
    );
  };

  window.addEventListener("hashchange", show);
  choices.hidden = false;
  show();
})();
