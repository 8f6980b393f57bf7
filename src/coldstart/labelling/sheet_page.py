"""Style and script of the contact sheet's page, which loads nothing from outside."""

STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 25%, transparent); --accent: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --accent: #56b4e9; } }
* { box-sizing: border-box; }
body { font: 15px/1.4 system-ui, sans-serif; margin: 0 auto; max-width: 110rem; padding: 1rem 1rem 3rem; }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
p { margin: 0; max-width: 60rem; }
.note { font-weight: 600; }
form { align-items: end; background: Canvas; border-block-end: 1px solid var(--line); display: flex; flex-wrap: wrap;
  gap: .5rem .9rem; margin-block: .75rem 1rem; padding-block: .5rem .75rem; position: sticky; top: 0; z-index: 1; }
form[hidden] { display: none; }
label { display: grid; font-size: .8rem; gap: .1rem; }
select, input, button { background: Field; border: 1px solid var(--line); border-radius: .3rem; color: FieldText;
  font: inherit; font-size: .95rem; max-width: 16rem; min-height: 2.2rem; padding: .2rem .5rem; }
output { font-variant-numeric: tabular-nums; padding-block: .45rem; }
ol { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); list-style: none;
  margin: 0; padding: 0; }
li { border: 1px solid var(--line); border-radius: .4rem; min-width: 0; overflow: hidden; scroll-margin-top: 6rem; }
li[hidden] { display: none; }
li:focus-within { border-color: var(--accent); }
figure { margin: 0; }
a { display: block; outline-offset: -3px; }
a:focus-visible, :is(select, input, button):focus-visible { outline: 3px solid var(--accent); }
img { aspect-ratio: 1; background: #000; display: block; height: auto; object-fit: contain; width: 100%; }
figcaption { font-size: .85rem; overflow-wrap: anywhere; padding: .45rem .6rem .6rem; }
figcaption strong { font-variant-numeric: tabular-nums; margin-inline-end: .3rem; }
figcaption p { margin-block-start: .15rem; }
dl { margin: .25rem 0 0; }
dl div { column-gap: .5rem; display: flex; flex-wrap: wrap; }
dt { min-width: 5.4rem; opacity: .75; }
dd { font-variant-numeric: tabular-nums; margin: 0; }
@media (max-width: 30rem) {
  body { padding-inline: .6rem; }
  form { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); position: static; }
  select, input { max-width: none; width: 100%; }
  ol { gap: .6rem; grid-template-columns: repeat(2, minmax(0, 1fr)); }
}
@media print {
  @page { margin: 12mm; }
  :root { color-scheme: light; }
  body { font-size: 9pt; max-width: none; padding: 0; }
  form, .hint { display: none; }
  ol { gap: 3mm; grid-template-columns: repeat(4, 1fr); margin-block-start: 4mm; }
  li { break-inside: avoid; }
  figcaption { font-size: 7.5pt; }
  dt { min-width: 3.3rem; }
  img { print-color-adjust: exact; }
}
"""

# What is chosen stands in the page's address, so that a view can be kept and sent on.
SCRIPT = """
const form = document.querySelector("form"), list = document.querySelector("ol");
const cards = [...list.children], fields = ["sort", "cluster", "reason", "find"];
const best = { rank: 1, cluster: 1, reason: 1, patient: 1, uncertainty: -1, distance: -1 };

function compare(key) {
  return (one, two) => {
    const [a, b] = [one.dataset[key], two.dataset[key]], ranks = one.dataset.rank - two.dataset.rank;
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined) || ranks;
    return best[key] * (isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b) || ranks;
  };
}

function update() {
  const chosen = Object.fromEntries(fields.map(name => [name, form.elements[name].value]));
  const words = chosen.find.toLowerCase().split(/\\s+/);
  for (const card of cards) {
    const text = card.querySelector("figcaption").textContent.toLowerCase();
    card.hidden = (chosen.cluster && card.dataset.cluster !== chosen.cluster)
      || (chosen.reason && card.dataset.reason !== chosen.reason) || !words.every(word => text.includes(word));
  }
  list.append(...cards.sort(compare(chosen.sort)));
  form.elements.count.value = `${cards.filter(card => !card.hidden).length} of ${cards.length} images`;
}

function keep() {
  const kept = fields.map(name => [name, form.elements[name].value]).filter(([, value]) => value && value !== "rank");
  history.replaceState(null, "", "#" + new URLSearchParams(kept));
  update();
}

function restore() {
  const kept = new URLSearchParams(location.hash.slice(1));
  for (const name of fields) {
    const field = form.elements[name], standard = name === "sort" ? "rank" : "";
    field.value = kept.get(name) || standard;
    if (!field.value) field.value = standard;
  }
  update();
}

function move(event) {
  const shown = cards.filter(card => !card.hidden), at = shown.indexOf(event.target.closest("li"));
  const columns = shown.filter(card => card.offsetTop === shown[0].offsetTop).length;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -at,
    End: shown.length - 1 - at }[event.key];
  if (at < 0 || !shown[at + step] || event.altKey || event.ctrlKey || event.metaKey) return;
  shown[at + step].querySelector("a").focus();
  event.preventDefault();
}

form.addEventListener("input", keep);
form.addEventListener("reset", () => setTimeout(keep));
form.addEventListener("submit", event => event.preventDefault());
list.addEventListener("keydown", move);
addEventListener("hashchange", restore);
form.hidden = false;
restore();
"""
