"use strict";
(() => {
  // The value under the pointer.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("aria-hidden", "true"); // the drawing's description says it to those who cannot see
  const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  ring.setAttribute("class", "ring");
  ring.setAttribute("r", "6");
  const forget = () => { tip.remove(); ring.remove(); };
  const point = event => {
    const svg = event.target.closest && event.target.closest("svg[data-values]");
    if (!svg) return forget();
    svg.values = svg.values || JSON.parse(svg.dataset.values);
    const box = svg.getBoundingClientRect(), scale = svg.viewBox.baseVal.width / box.width;
    const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
    let best = null, least = 40; // how near it must be, in units of the drawing
    for (const value of svg.values) {
      const distance = Math.hypot(value[0] - x, value[1] - y);
      if (distance < least) { least = distance; best = value; }
    }
    if (!best) return forget();
    ring.setAttribute("cx", best[0]);
    ring.setAttribute("cy", best[1]);
    svg.append(ring);
    tip.textContent = best[2];
    document.body.append(tip);
    const left = box.left + best[0] / scale - tip.offsetWidth / 2, above = box.top + best[1] / scale - tip.offsetHeight - 12;
    tip.style.left = Math.max(4, Math.min(left, document.documentElement.clientWidth - tip.offsetWidth - 4)) + "px";
    tip.style.top = (above < 4 ? above + tip.offsetHeight + 30 : above) + "px";
  };
  document.addEventListener("pointermove", point);
  document.addEventListener("pointerdown", point);
  document.addEventListener("scroll", forget, true);

  // The series of a drawing have their colours, by which a click on a name hides one.
  const hidden = {}; // by the figure's title, since a page may draw it again
  const title = svg => svg.closest("figure").querySelector("h3").textContent;
  const paint = svg => {
    const off = hidden[title(svg)] || [];
    for (const e of svg.querySelectorAll("[style]")) {
      const series = /var\(--(?:line|text)(\d)/.exec(e.getAttribute("style"));
      const out = series && off.includes(series[1]);
      e.classList.toggle("off", Boolean(out) && e.tagName !== "text");
      e.classList.toggle("faint", Boolean(out) && e.tagName === "text");
    }
  };
  document.addEventListener("click", event => {
    const name = event.target.closest && event.target.closest("svg[data-hides] text");
    const series = name && /var\(--text(\d)/.exec(name.getAttribute("style"));
    if (!series) return;
    const svg = name.ownerSVGElement, off = hidden[title(svg)] = hidden[title(svg)] || [];
    if (off.includes(series[1])) off.splice(off.indexOf(series[1]), 1); else off.push(series[1]);
    paint(svg);
  });
  document.addEventListener("redrawn", () => {
    forget();
    document.querySelectorAll("svg[data-hides]").forEach(paint);
  });

  // Tables are sorted by the column whose head is clicked.
  const key = cell => {
    const text = cell.textContent.trim(), number = parseFloat(text.replace(/,/g, ""));
    return Number.isNaN(number) ? text : number;
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    for (const head of table.tHead.rows[0].cells) {
      if (!head.textContent) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending", body = table.tBodies[0];
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...body.rows].map(row => [key(row.cells[head.cellIndex]), row]);
        rows.sort(([a], [b]) => typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true }));
        if (!up) rows.reverse();
        body.append(...rows.map(([, row]) => row));
      });
    }
  }

  // The command is copied by a button, which is of no use without this script.
  for (const button of document.querySelectorAll("button.copy")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.closest("section").querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }
})();
