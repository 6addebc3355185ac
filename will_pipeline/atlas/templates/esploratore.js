// The map of the sections, and the list beside it. The list is the text of the map: what the map
// says of a section is read from there.
import { Map as Plan, NavigationControl, addProtocol } from "./librerie/maplibre-gl.mjs";

const GROUND = "#f4f6f8";
const plain = { fill: "#e2e8ee", near: "#bcd0e4", line: "#4a5b6c", chosen: "#b3005e" };
const CLOSE = 15;
const towns = document.getElementById("comune");
const wanted = document.getElementById("codice");
const found = document.getElementById("cercata");
const shown = document.getElementById("scelta");
const sections = Array.from(document.querySelectorAll("section.comune"));
const invitation = Array.from(shown.childNodes);
const known = new Map();

for (const section of sections) {
  for (const line of section.querySelectorAll("li")) {
    known.set(`${section.dataset.edizione} ${line.textContent}`, line);
  }
}

const numbers = (text) => text.split(",").map(Number);
const option = () => towns.selectedOptions[0];
const edition = () => option().dataset.edizione;
const box = () => numbers(option().dataset.riquadro);
const editions = Array.from(new Set(Array.from(towns.options, (each) => each.dataset.edizione)));

// Whole addresses, because the worker of the map has another base than the page.
const tiles = `pmtiles://${new URL("sezioni.pmtiles", document.baseURI).href}`;
addProtocol("pmtiles", new window.pmtiles.Protocol().tile);

const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const place = document.getElementById("mappa");
place.hidden = false;
const plan = drawn();
document.getElementById("senza-mappa").hidden = true;
plan.addControl(new NavigationControl({ showCompass: false }));
plan.touchZoomRotate.disableRotation();
plan.keyboard.disableRotation();

function drawn() {
  try {
    return new Plan({
      container: place,
      style: {
        version: 8,
        sources: { sezioni: { type: "vector", url: tiles } },
        layers: [
          { id: "fondo", type: "background", paint: { "background-color": GROUND } },
          ...editions.flatMap((year) => layers(year)),
        ],
      },
      bounds: box(),
      fitBoundsOptions: { padding: 24 },
      minZoom: 8,
      maxZoom: 18,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
      locale: {
        "Map.Title": "Mappa delle sezioni",
        "NavigationControl.ZoomIn": "Ingrandisci",
        "NavigationControl.ZoomOut": "Riduci",
      },
    });
  } catch (fault) {
    // Without WebGL the list and the sentence above the map stay as they are.
    place.hidden = true;
    throw fault;
  }
}

function layers(year) {
  const common = { source: "sezioni", "source-layer": `sezioni_${year}` };
  const visibility = year === edition() ? "visible" : "none";
  const none = ["==", ["get", "sezione"], ""];
  const layout = { visibility };
  return [
    { ...common, id: `campo-${year}`, type: "fill", layout, paint: { "fill-color": plain.fill } },
    { ...common, id: `vicina-${year}`, type: "fill", layout, filter: none, paint: { "fill-color": plain.near } },
    { ...common, id: `bordo-${year}`, type: "line", layout, paint: { "line-color": plain.line, "line-width": 1 } },
    { ...common, id: `scelta-${year}`, type: "line", layout, filter: none, paint: { "line-color": plain.chosen, "line-width": 4 } },
  ];
}

// The style is read a moment after the page: what is chosen before then is drawn when it is there.
let ready = false;
let near = "";
let fixed = "";

function mark(code) {
  near = code;
  if (!ready) return;
  for (const year of editions) {
    const here = year === edition();
    plan.setFilter(`vicina-${year}`, ["==", ["get", "sezione"], here ? near : ""]);
    plan.setFilter(`scelta-${year}`, ["==", ["get", "sezione"], here ? fixed : ""]);
  }
}

plan.on("style.load", () => {
  ready = true;
  turn();
  mark(near);
});

function turn() {
  if (!ready) return;
  for (const year of editions) {
    for (const kind of ["campo", "vicina", "bordo", "scelta"]) {
      const visibility = year === edition() ? "visible" : "none";
      plan.setLayoutProperty(`${kind}-${year}`, "visibility", visibility);
    }
  }
}

function tell(code) {
  const line = known.get(`${edition()} ${code}`);
  const title = document.createElement("p");
  const strong = document.createElement("strong");
  strong.textContent = `Sezione ${code}`;
  title.append(strong);
  const pages = line && line.closest("details").querySelector(".pagine");
  const more = document.createElement("p");
  if (pages) more.append(...pages.cloneNode(true).childNodes);
  else more.textContent = "Nell'atlante non c'è una pagina per la sua area.";
  shown.replaceChildren(title, more);
  mark(code);
}
const at = (point) => {
  const layer = `campo-${edition()}`;
  const seen = plan.getLayer(layer) ? plan.queryRenderedFeatures(point, { layers: [layer] }) : [];
  return seen.length ? seen[0].properties.sezione : "";
};

function choose(code) {
  fixed = code;
  if (code) tell(code);
  else mark("");
}

function go(line) {
  choose(line.textContent);
  const view = { center: numbers(line.dataset.punto), zoom: Math.max(plan.getZoom(), CLOSE) };
  if (still) plan.jumpTo(view);
  else plan.easeTo(view);
  place.scrollIntoView({ block: "nearest" });
}

// A section that was chosen stays told until another is, so that its links can be reached.
let last = "";
plan.on("mousemove", (event) => {
  const code = at(event.point);
  if (!fixed && code && code !== last) tell(code);
  last = code;
});
plan.on("click", (event) => choose(at(event.point)));
plan.getCanvas().addEventListener("keydown", (event) => {
  if (event.key === "Enter") choose(at(plan.project(plan.getCenter())));
  if (event.key === "Escape") choose("");
});

// How many sections are in sight, for who reads the page with a program.
plan.on("idle", () => {
  const layer = `campo-${edition()}`;
  const seen = plan.queryRenderedFeatures({ layers: [layer] });
  const codes = new Set(seen.map((each) => each.properties.sezione));
  plan.getContainer().dataset.disegnate = codes.size;
});

function show() {
  for (const section of sections) section.hidden = section.id !== towns.value;
}

towns.addEventListener("change", () => {
  show();
  last = "";
  turn();
  choose("");
  shown.replaceChildren(...invitation);
  found.textContent = "";
  plan.fitBounds(box(), { padding: 24, animate: false });
});

// Buttons only where a group is open: a large town has thousands of sections.
document.querySelectorAll("details.gruppo").forEach((group) => {
  group.addEventListener("toggle", () => {
    if (!group.open || group.dataset.pronto) return;
    group.dataset.pronto = "sì";
    for (const line of group.querySelectorAll("li")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = line.textContent;
      button.addEventListener("click", () => go(line));
      line.replaceChildren(button);
    }
  });
});

wanted.addEventListener("change", () => {
  const code = wanted.value.trim();
  if (!code) return;
  const line = known.get(`${edition()} ${code}`);
  found.textContent = line ? `Sezione ${code} trovata.` : `La sezione ${code} non c'è in questi confini.`;
  if (!line) return;
  towns.value = line.closest("section").id;
  show();
  go(line);
});

show();
