// Everything works on what the page already holds: nothing is loaded, and without this script all tables are readable.
"use strict";
const data = JSON.parse(document.querySelector("#data").textContent);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);
const DASHES = ["", "7 3", "2 2", "7 2 2 2", "12 3", "4 2 1 2 1 2"];
const SHAPES = [
  "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0-4 0Z", "M-3.6-3.6H3.6V3.6H-3.6Z", "M0-5L4.4 3.4H-4.4Z", "M0-5L5 0L0 5L-5 0Z", "M0 5L4.4-3.4H-4.4Z",
  "M-1.6-4.6H1.6V-1.6H4.6V1.6H1.6V4.6H-1.6V1.6H-4.6V-1.6H-1.6Z", "M-4.6-2.6L-2.6-4.6L0-2L2.6-4.6L4.6-2.6L2 0L4.6 2.6L2.6 4.6L0 2L-2.6 4.6L-4.6 2.6L-2 0Z",
  "M-5 0L3.4-4.4V4.4Z", "M5 0L-3.4-4.4V4.4Z",
];

function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// The tip: one for the whole page, at the place of what it tells of.
const tip = one("#tip");
function tell(text, box) {
  tip.hidden = !text;
  if (!text) return;
  tip.textContent = text;
  const own = tip.getBoundingClientRect();
  const x = Math.min(Math.max(4, box.left + box.width / 2 - own.width / 2), innerWidth - own.width - 4);
  const above = box.top - own.height - 10;
  tip.style.transform = `translate(${x}px, ${above > 0 ? above : box.bottom + 10}px)`;
}

// Points of a picture, told when pointed at or reached by arrow keys. A point has x, y, text, line and place in its line.
function explore(picture, points, mark) {
  const cursor = svg("circle", { class: "cursor", r: mark.r, visibility: "hidden" });
  picture.append(cursor);
  let at = null;
  const go = point => {
    at = point;
    picture.classList.toggle("chosen", Boolean(point && mark.fade));
    for (const group of all(".arm", picture)) group.classList.toggle("on", Boolean(point) && +group.dataset.line === point.line);
    cursor.setAttribute("visibility", point ? "visible" : "hidden");
    if (!point) return tell("");
    cursor.setAttribute("cx", point.x);
    cursor.setAttribute("cy", point.y);
    tell(point.text, cursor.getBoundingClientRect());
  };
  picture.addEventListener("pointermove", event => {
    const box = picture.getBoundingClientRect(), view = picture.viewBox.baseVal;
    const x = (event.clientX - box.left) * view.width / box.width, y = (event.clientY - box.top) * view.height / box.height;
    let best = null, least = mark.reach ** 2;
    for (const point of points) {
      const distance = (point.x - x) ** 2 + (point.y - y) ** 2;
      if (distance < least) [best, least] = [point, distance];
    }
    if (best !== at) go(best);
  });
  picture.addEventListener("pointerleave", () => go(null));
  picture.addEventListener("focus", () => { if (points.length && picture.matches(":focus-visible")) go(at ?? points[0]); });
  picture.addEventListener("blur", () => go(null));
  picture.addEventListener("keydown", event => {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (event.key === "Escape") go(null);
    if (!step || !points.length) return;
    event.preventDefault();
    if (!at) return go(points[0]);
    if (step[1]) return go(points[points.indexOf(at) + step[1]] ?? at);
    const lines = [...new Set(points.map(point => point.line))];
    const line = lines[lines.indexOf(at.line) + step[0]];
    const near = points.filter(point => point.line === line).sort((a, b) => Math.abs(a.x - at.x) - Math.abs(b.x - at.x));
    go(near[0] ?? at);
  });
}

function steps(low, high, most) {
  const raw = (high - low) / most || 1, unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * ([1, 2, 2.5, 5].find(factor => factor * unit >= raw) ?? 10), found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) found.push(+(i * step).toPrecision(12));
  return found;
}

const look = index => ({ colour: `var(--c${index % data.look.colours})`, shape: SHAPES[index % SHAPES.length], dash: DASHES[index % DASHES.length] });

// Learning curves.
function drawChart(figure, chosen) {
  const curve = data.curves[figure.dataset.of][figure.dataset.stage];
  const name = one(`form.metric[data-of="${figure.dataset.of}"] select`).value, metric = curve.metrics[name];
  const rows = metric ? curve.arms.map((arm, i) => i).filter(i => chosen(curve.arms[i]) && metric.value[i].some(value => value !== null)) : [];
  const plot = one(".plot", figure), legend = one(".legend", figure);
  const width = Math.max(plot.clientWidth, 260), height = Math.round(Math.min(330, width * .72)), left = 52, right = 12, top = 26, bottom = 40;
  const values = rows.flatMap(i => metric.value[i].flatMap((value, j) => value === null ? [] : [value - (metric.se[i][j] ?? 0), value + (metric.se[i][j] ?? 0)]));
  const levels = metric ? metric.full : [];
  values.push(...levels.map(level => level[1]));
  if (!rows.length) {
    plot.replaceChildren(metric ? "No arm is chosen." : "This metric was not measured here.");
    legend.replaceChildren();
    return;
  }
  let low = Math.min(...values), high = Math.max(...values);
  const room = (high - low) * .06 || Math.abs(high) * .06 || .1;
  [low, high] = [low - room, high + room];
  const first = Math.min(...curve.points), last = Math.max(...curve.points), inner = width - left - right - 24;
  const X = point => left + 12 + (last > first ? (point - first) / (last - first) : .5) * inner;
  const Y = value => top + (high - value) / (high - low) * (height - top - bottom);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "img",
    "aria-label": `${metric.title} against labelled samples, ${rows.length} arms. Arrow keys move from point to point.` });
  const ticks = steps(low, high, 5), digits = Math.max(...ticks.map(value => (String(value).split(".")[1] ?? "").length));
  for (const value of ticks) {
    picture.append(svg("line", { class: "grid", x1: left, x2: width - right, y1: Y(value), y2: Y(value) }),
      svg("text", { x: left - 6, y: Y(value) + 4, "text-anchor": "end" }, value.toFixed(digits)));
  }
  let end = -Infinity;
  for (const point of curve.points) {
    if (X(point) - end < 34) continue;
    end = X(point);
    picture.append(svg("line", { stroke: "currentColor", x1: end, x2: end, y1: height - bottom, y2: height - bottom + 4 }),
      svg("text", { x: end, y: height - bottom + 17, "text-anchor": "middle" }, String(point)));
  }
  picture.append(svg("line", { stroke: "currentColor", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }),
    svg("text", { x: (left + width) / 2, y: height - 5, "text-anchor": "middle" }, "Labelled samples"),
    svg("text", { x: left - 6, y: 12 }, metric.title));
  levels.forEach(([, value], i) => picture.append(svg("line", { stroke: "currentColor", opacity: .55, "stroke-dasharray": DASHES[1 + i % 5], x1: left, x2: width - right, y1: Y(value), y2: Y(value) })));
  const points = [];
  for (const i of rows) {
    const { colour, shape, dash } = look(i), own = [];
    metric.value[i].forEach((value, j) => {
      if (value === null) return;
      const se = metric.se[i][j], error = se === null ? "" : ` ± ${se.toFixed(metric.decimals)}`;
      const runs = `${metric.n[i][j]} run${metric.n[i][j] === 1 ? "" : "s"}`;
      own.push({ x: X(curve.points[j]), y: Y(value), se, value, line: i,
        text: `${curve.arms[i].label}, ${curve.points[j]} labelled: ${metric.title} ${value.toFixed(metric.decimals)}${error} (${runs})` });
    });
    const group = svg("g", { class: "arm", "data-line": i, stroke: colour, fill: colour });
    for (const point of own) if (point.se !== null)
      group.append(svg("line", { opacity: .55, x1: point.x, x2: point.x, y1: Y(point.value - point.se), y2: Y(point.value + point.se) }));
    group.append(svg("path", { fill: "none", "stroke-width": 2, "stroke-dasharray": dash, d: own.map((point, k) => `${k ? "L" : "M"}${point.x.toFixed(1)} ${point.y.toFixed(1)}`).join("") }));
    for (const point of own) group.append(svg("path", { d: shape, stroke: "none", transform: `translate(${point.x.toFixed(1)} ${point.y.toFixed(1)})` }));
    picture.append(group);
    points.push(...own);
  }
  explore(picture, points, { r: 8, reach: 40, fade: true });
  plot.replaceChildren(picture);
  const key = (text, line, mark) => {
    const item = document.createElement("li");
    item.append(svg("svg", { viewBox: "0 0 34 14", "aria-hidden": true }, line, ...mark), text);
    return item;
  };
  legend.replaceChildren(
    ...rows.map(i => {
      const { colour, shape, dash } = look(i);
      return key(curve.arms[i].label, svg("path", { d: "M1 7H33", stroke: colour, "stroke-width": 2, "stroke-dasharray": dash }),
        [svg("path", { d: shape, fill: colour, transform: "translate(17 7)" })]);
    }),
    ...levels.map(([label, value], i) => key(`${label}: ${value.toFixed(metric.decimals)}`,
      svg("path", { d: "M1 7H33", stroke: "currentColor", opacity: .55, "stroke-dasharray": DASHES[1 + i % 5] }), [])));
}

// Filters: rows of tables, sections of tasks, curves.
const filters = one("#filters");
function chosenBy() {
  const off = {};
  for (const box of filters ? all("input", filters) : []) if (!box.checked) (off[box.name] ??= new Set()).add(box.value);
  return { arm: arm => !["model", "method", "query"].some(name => off[name]?.has(arm[name])), task: task => !off.task?.has(task) };
}
function refresh() {
  const chosen = chosenBy(), rows = all("tr[data-row]");
  let shown = 0;
  for (const row of rows) {
    row.hidden = !chosen.arm(row.dataset);
    if (!row.hidden && chosen.task(row.dataset.task) && row.closest("#runs")) shown++;
  }
  for (const part of all("section[data-task], figure[data-task], details[data-task]")) part.hidden = !chosen.task(part.dataset.task);
  const charts = all(".chart");
  // All are shown before any is drawn: their widths depend on each other.
  for (const figure of charts) figure.hidden = false;
  for (const figure of charts) drawChart(figure, chosen.arm);
  if (filters) filters.elements.shown.value = `${shown} of ${all("#runs tr[data-row]").length} runs shown`;
}
if (filters) {
  filters.hidden = false;
  filters.addEventListener("change", refresh);
  filters.addEventListener("reset", () => setTimeout(refresh));
  filters.addEventListener("submit", event => event.preventDefault());
}
for (const form of all("form.metric")) {
  form.hidden = false;
  form.addEventListener("change", () => all(`.chart[data-of="${form.dataset.of}"]`).forEach(figure => drawChart(figure, chosenBy().arm)));
}

// Matrices: one cell of each can be reached by Tab, the others by arrow keys.
for (const table of all(".matrix")) {
  const cells = all("tbody tr", table).map(row => all("td", row));
  cells.flat().forEach((cell, i) => { cell.tabIndex = i ? -1 : 0; });
  table.addEventListener("keydown", event => {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!step || event.target.tagName !== "TD") return;
    event.preventDefault();
    let i = cells.findIndex(row => row.includes(event.target)) + step[0];
    const j = cells[i - step[0]].indexOf(event.target) + step[1];
    while (cells[i]?.[j]?.closest("tr").hidden) i += step[0];
    cells[i]?.[j]?.focus();
  });
  const show = event => { const cell = event.target.closest("td"); tell(cell?.dataset.tip ?? "", cell?.getBoundingClientRect()); };
  table.addEventListener("pointerover", show);
  table.addEventListener("focusin", show);
  for (const name of ["pointerleave", "focusout"]) table.addEventListener(name, () => tell(""));
}

// Two arms side by side: their picks on one map, and their thumbnails.
const arms = one("#arms");
function options(select, values, wanted) {
  const kept = values.includes(select.value) ? select.value : wanted ?? values[0];
  select.replaceChildren(...values.map(value => new Option(value, value, false, value === kept)));
  select.closest("label").hidden = !values.length;
}
function drawMap(figure, map, plane, label) {
  const arm = map?.arms.find(found => found.label === label), places = map?.planes[plane];
  figure.hidden = !arm || !places;
  if (figure.hidden) return;
  const picture = svg("svg", { viewBox: "-40 -40 1080 1080", tabindex: 0, role: "img",
    "aria-label": `Map of ${plane} with the ${arm.picks.length} picks of ${label}. Arrow keys move from pick to pick.` });
  const at = i => [places[2 * i], 1000 - places[2 * i + 1]];
  const picked = new Set(arm.picks.map(pick => pick[0]));
  let pool = "";
  for (let i = 0; i < map.shown; i++) if (!picked.has(i)) pool += `M${at(i).join(" ")}h0`;
  picture.append(svg("path", { d: pool, stroke: "var(--pool)", "stroke-width": map.shown > 1500 ? 7 : 11, "stroke-linecap": "round" }));
  const points = arm.picks.map(([i, round, text], k) => ({ x: at(i)[0], y: at(i)[1], text, line: 0, round, k }));
  for (const { x, y, round, k } of [...points].reverse()) {
    const number = round ? String(round) : k < 10 ? String(k + 1) : "", size = number ? 17 : 11, group = svg("g", { transform: `translate(${x} ${y})` });
    group.append(svg("path", { d: round ? SHAPES[3] : SHAPES[0], fill: round ? "#0072b2" : "#c25400", stroke: "#fff", "stroke-width": .5, transform: `scale(${size / 4})` }));
    if (number) group.append(svg("text", { y: 7 }, number));
    picture.append(group);
  }
  explore(picture, points, { r: 24, reach: 60 });
  one(".plot", figure).replaceChildren(picture);
  one("figcaption", figure).textContent = `${label}: ${arm.picks.length} of ${map.pool} images, on the map of ${plane}` + (map.shown < map.pool ? ` (${map.shown} drawn)` : "");
}
function refreshArms(event) {
  const fields = arms.elements;
  options(fields.task, [...new Set([...all(".sheet").map(sheet => sheet.dataset.of), ...Object.keys(data.maps)])]);
  const task = fields.task.value, map = data.maps[task], sheets = all(".sheet");
  const labels = map ? map.arms.map(arm => arm.label) : sheets.filter(sheet => sheet.dataset.of === task).map(sheet => sheet.dataset.arm);
  options(fields.one, labels);
  options(fields.two, labels, labels.at(-1));
  const home = label => map?.arms.find(arm => arm.label === label)?.model;
  const moved = ["one", "two"].includes(event?.target.name) ? home(event.target.value) : "";
  const planes = Object.keys(map?.planes ?? {});
  options(fields.plane, planes, home(fields.two.value) || home(fields.one.value) || planes[0]);
  if (moved) fields.plane.value = moved;
  const labelsShown = [fields.one.value, fields.two.value];
  all(".map").forEach((figure, i) => drawMap(figure, map, fields.plane.value, labelsShown[i]));
  const list = one(".sheets");
  for (const sheet of sheets) sheet.hidden = sheet.dataset.of !== task || !labelsShown.includes(sheet.dataset.arm);
  const right = sheets.find(sheet => !sheet.hidden && sheet.dataset.arm === labelsShown[1]);
  if (right && list.lastElementChild !== right) list.append(right);
}
if (arms) {
  arms.hidden = false;
  arms.addEventListener("change", refreshArms);
  refreshArms();
}

// Colours, as the system has them or as chosen; the choice stays where the browser allows that.
const theme = one("#theme");
const kept = () => { try { return localStorage.getItem("coldstart-theme") ?? ""; } catch { return ""; } };
const paint = name => { document.documentElement.dataset.theme = name; theme.elements.theme.value = name; };
theme.hidden = false;
theme.addEventListener("change", event => {
  paint(event.target.value);
  try { localStorage.setItem("coldstart-theme", event.target.value); } catch { /* no store for this page: it is asked again next time */ }
});
paint(kept());

for (const hint of all(".script")) hint.hidden = false;
refresh();
let drawn = innerWidth;
addEventListener("resize", () => { if (innerWidth !== drawn) { drawn = innerWidth; refresh(); } });
for (const name of ["wheel", "touchmove"]) addEventListener(name, () => tell(""), { passive: true });
