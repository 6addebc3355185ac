// Indices computed again with the weights chosen on the page; the choice stays in the address.
"use strict";

(() => {
  const MOST = 10;
  const levels = window.pesi;
  const byId = (id) => document.getElementById(id);
  const [controls, level, need, sliders, presets] =
    ["comandi", "livello", "bisogno", "cursori", "pronti"].map(byId);
  const [outcome, table, left] = ["esito", "ricalcolo", "escluse"].map(byId);
  const state = { level: null, need: null, weights: [] };

  const element = (name, text, attributes = {}) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  // Mean plus variance over mean: the index of Mazziotta and Pareto with weights.
  const index = (points, weights) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const mean = points.reduce((sum, point, place) => sum + point * weights[place], 0) / total;
    const variance =
      points.reduce((sum, point, place) => sum + weights[place] * (point - mean) ** 2, 0) / total;
    return mean + variance / mean;
  };

  const classOf = (value, cuts) => 1 + cuts.filter((cut) => value > cut).length;
  const told = (value) => value.toLocaleString("it-IT", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

  const spreads = (areas) =>
    areas[0].punti.map((_, place) => {
      const points = areas.map((area) => area.punti[place]);
      const mean = points.reduce((sum, point) => sum + point, 0) / points.length;
      return Math.sqrt(points.reduce((sum, point) => sum + (point - mean) ** 2, 0) / points.length) || 1;
    });

  const scaled = (numbers) => {
    const most = Math.max(...numbers);
    return numbers.map((number) => Math.max(1, Math.round((number / most) * MOST)));
  };

  const READY = [
    ["Pesi uguali", (areas) => areas[0].punti.map(() => MOST / 2)],
    ["Conta di più ciò che divide la città", (areas) => scaled(spreads(areas))],
    ["Conta di più ciò che è simile ovunque", (areas) => scaled(spreads(areas).map((each) => 1 / each))],
  ];

  const options = (select, entries, chosen) => {
    select.replaceChildren(
      ...entries.map((entry) => {
        const option = element("option", entry.nome, { value: entry.id });
        option.selected = entry.id === chosen.id;
        return option;
      }),
    );
  };

  const count = (number, one, many) => (number === 1 ? `1 area ${one}` : `${number} aree ${many}`);

  const show = () => {
    const { aree, tagli, escluse } = state.need;
    const total = state.weights.reduce((sum, weight) => sum + weight, 0);
    sliders.querySelectorAll("output").forEach((output, place) => {
      output.textContent = total ? `${Math.round((100 * state.weights[place]) / total)} %` : "–";
    });
    history.replaceState(null, "", `#${[state.level.id, state.need.id, ...state.weights].join("+")}`);
    table.hidden = total === 0;
    if (total === 0) {
      outcome.textContent = "Almeno un indicatore deve avere un peso.";
      return;
    }
    const equal = aree[0].punti.map(() => 1);
    let changed = 0;
    let clear = 0;
    const rows = aree.map((area) => {
      const before = classOf(index(area.punti, equal) + area.scarto, tagli);
      const value = index(area.punti, state.weights) + area.scarto;
      const after = classOf(value, tagli);
      const moves = before !== after;
      changed += moves ? 1 : 0;
      clear += moves && area.distinta ? 1 : 0;
      const row = element("tr", undefined, moves ? { class: "moved" } : {});
      const name = element("th", undefined, { scope: "row" });
      name.append(element("a", area.nome, { href: area.pagina }));
      const words = moves ? `da ${before} a ${after}` : `resta ${before}`;
      row.append(
        name,
        element("td", area.indice, { class: "num" }),
        element("td", told(value), { class: "num" }),
        element("td", area.distinta ? words : `${words}, non distinguibile`),
      );
      return row;
    });
    table.tBodies[0].replaceChildren(...rows);
    outcome.textContent =
      changed === 0
        ? `Nessuna delle ${aree.length} aree cambia classe.`
        : `${count(changed, "cambia", "cambiano")} classe su ${aree.length}; ` +
          `${clear === 0 ? "nessuna" : clear} fra quelle che si distinguono dalla città.`;
    left.textContent = escluse
      ? `${count(escluse, "non è", "non sono")} qui: l'indice non si può ricalcolare dai numeri pubblicati.`
      : "";
  };

  const slide = (weights) => {
    state.weights = weights;
    sliders.querySelectorAll("input").forEach((input, place) => {
      input.value = String(weights[place]);
    });
    show();
  };

  const build = (weights) => {
    options(level, levels, state.level);
    options(need, state.level.bisogni, state.need);
    sliders.replaceChildren(
      ...state.need.indicatori.map((name, place) => {
        const label = element("label", `${name} `);
        const input = element("input", undefined, { type: "range", min: "0", max: String(MOST) });
        input.addEventListener("input", () => {
          state.weights[place] = Number(input.value);
          show();
        });
        label.append(element("output"), input);
        return label;
      }),
    );
    const fits = weights.length === state.need.indicatori.length;
    slide(fits ? weights : READY[0][1](state.need.aree));
  };

  const read = () => {
    const [levelId, needId, ...weights] = decodeURIComponent(location.hash.slice(1)).split("+");
    state.level = levels.find((each) => each.id === levelId) || levels[0];
    state.need = state.level.bisogni.find((each) => each.id === needId) || state.level.bisogni[0];
    const numbers = weights.map(Number);
    build(numbers.every((each) => each >= 0 && each <= MOST) ? numbers : []);
  };

  if (levels.length === 0) {
    outcome.textContent = "In questo rilascio nessun bisogno ha più indicatori da pesare.";
    return;
  }
  for (const [name, weights] of READY) {
    const button = element("button", name, { type: "button" });
    button.addEventListener("click", () => slide(weights(state.need.aree)));
    presets.append(button);
  }
  level.addEventListener("change", () => {
    state.level = levels.find((each) => each.id === level.value);
    state.need = state.level.bisogni.find((each) => each.id === state.need.id) || state.level.bisogni[0];
    build([]);
  });
  need.addEventListener("change", () => {
    state.need = state.level.bisogni.find((each) => each.id === need.value);
    build([]);
  });
  window.addEventListener("hashchange", read);
  controls.hidden = false;
  read();
})();
