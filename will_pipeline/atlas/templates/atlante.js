// Sorting of tables by column, a hint where a table goes on beyond the screen, and the point of the
// address kept in view. Every page is complete without it.
"use strict";

(() => {
  const key = (row, column) => {
    const cell = row.cells[column];
    if (!cell) return "";
    return cell.dataset.sort === undefined ? cell.textContent.trim() : cell.dataset.sort;
  };

  const compare = (first, second) => {
    const numbers = [Number(first), Number(second)];
    return numbers.some(Number.isNaN)
      ? first.localeCompare(second, "it")
      : numbers[0] - numbers[1];
  };

  const sort = (table, column, direction) => {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    rows.sort((one, other) => {
      const first = key(one, column);
      const second = key(other, column);
      // Areas without a number stay at the bottom whatever the direction.
      if (first === "" || second === "") return (first === "") - (second === "");
      return direction * compare(first, second);
    });
    body.append(...rows);
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    const headers = Array.from(table.tHead.rows[0].cells);
    headers.forEach((header, column) => {
      if ("fixed" in header.dataset) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...Array.from(header.childNodes));
      header.append(button);
      button.addEventListener("click", () => {
        const ascending = header.getAttribute("aria-sort") !== "ascending";
        headers.forEach((other) => other.removeAttribute("aria-sort"));
        header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        sort(table, column, ascending ? 1 : -1);
      });
    });
  }

  for (const region of document.querySelectorAll(".scroll")) {
    const hint = document.createElement("p");
    hint.className = "slide";
    hint.setAttribute("aria-hidden", "true");
    hint.textContent = "La tabella continua: scorri di lato";
    region.prepend(hint);
    const look = () => {
      hint.hidden = region.scrollWidth <= region.clientWidth + 1;
    };
    new ResizeObserver(look).observe(region);
    look();
  }

  // The letters of the atlas arrive after the browser went to the point of the address, and move it.
  const [visit] = performance.getEntriesByType("navigation");
  const goal = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (goal && visit && visit.type === "navigate") {
    document.fonts.ready.then(() => goal.scrollIntoView({ behavior: "instant" }));
  }
})();
