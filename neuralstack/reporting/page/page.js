// The page: the text that is shown, the step, and the controls.

const EMPTY = "No text is shown yet: type one above.";
const UNREACHED = "The machine does not answer: is neuralstack view still running?";
const ROOM = { alone: 280, several: 190 }; // the maximum height of a memory's column, in pixels

const $ = (id) => document.getElementById(id);
const live = document.body.dataset.live === "true";

let traces = JSON.parse($("traces").textContent).map(unpacked);
let views = []; // of the machines that are shown
let length = 0; // of the longest of their traces
let at = 0; // the step that is shown
let clock = null; // the timer, while playing

// One machine.

// The whole answer, whatever the step, and whether it is right. A language model predicts, neither right nor wrong.
function resultOf(trace) {
  if (trace.language) return make("p", { class: "result" }, predictionsInWords(trace));
  const verdict = trace.right_answer === null ? "open" : trace.answer === trace.right_answer ? "right" : "wrong";
  const quoted = (text) => (text === "" ? "nothing" : make("span", { class: "symbol" }, clipped(printable(text))));
  const node = make("p", { class: `result ${verdict}` }, "answers ", quoted(trace.answer));
  if (verdict === "wrong") node.append(", wrong: expected ", quoted(trace.right_answer));
  if (verdict === "right") node.append(", right");
  return node;
}

function machineView(trace, tables, shared) {
  const legend = makeLegend(trace);
  const memories = tables.map((table, which) => makeMemory(trace, table, which, shared.scale));
  const overviews = tables.map((table, which) => makeOverview(trace, table, which, shared.alone, legend.colors, goTo));
  const [tape, controller] = [makeTape(trace), makeController(trace, shared.stateful)];
  const body = make(
    "div",
    { class: trace.memories.length > 1 ? "body" : "body wide" },
    make("div", { class: "memories" }, controller.node, ...memories.map((memory) => memory.node)),
    make("div", { class: "overview" }, legend.node, ...overviews.map((overview) => overview.node)),
  );
  const node = make(
    "section",
    { "data-machine": trace.name, "aria-label": trace.name },
    make("h2", {}, trace.name),
    make("p", { class: "about" }, `${trace.machine} · ${trace.task}`),
    resultOf(trace),
    tape.node,
    make("div", { class: "frame" }, body),
  );
  const last = trace.steps.length - 1; // where the shorter of two traces waits for the longer
  const show = (step) => {
    for (const component of [tape, controller, ...memories, ...overviews]) component.show(Math.min(step, last));
  };
  const draw = () => overviews.forEach((overview) => overview.draw());
  const inWords = (step) => stepInWords(trace, tables, Math.min(step, last));
  return { node, name: trace.name, length: trace.steps.length, show, draw, inWords };
}

// Time.

function sentence() {
  const clauses = views.map((view) => (views.length > 1 ? `${view.name}: ` : "") + view.inWords(at));
  return `Step ${at + 1} of ${length}: ${clauses.join(" ")}`;
}

function showStep(step) {
  if (views.length === 0) return;
  at = Math.min(length - 1, Math.max(0, step));
  for (const view of views) view.show(at);
  $("step").value = at;
  $("step").setAttribute("aria-valuetext", `step ${at + 1} of ${length}`);
  $("count").textContent = `${at + 1} / ${length}`;
  $("sentence").textContent = sentence();
}

function setPlaying(playing) {
  clearInterval(clock);
  clock = playing ? setInterval(tick, 1000 / Number($("speed").value)) : null;
  document.body.toggleAttribute("data-playing", playing);
  $("play").setAttribute("aria-label", playing ? "Pause" : "Play");
  // While playing, each step is shown; only the one at which it stops is read aloud.
  $("sentence").setAttribute("aria-live", playing ? "off" : "polite");
}

function tick() {
  if (at + 1 >= length - 1) setPlaying(false);
  showStep(at + 1);
}

function togglePlaying() {
  if (clock === null && at >= length - 1) showStep(0);
  setPlaying(clock === null && length > 1);
}

// The reader's own steps stop the clock.
function goTo(step) {
  setPlaying(false);
  showStep(step);
}

// Texts.

const textsOf = () => [...new Set(traces.map((trace) => trace.text))];

const optionOf = (text) => make("option", { value: text }, text === "" ? "(empty)" : clipped(text));

function listTexts(chosen) {
  $("input").replaceChildren(...textsOf().map(optionOf));
  $("input").value = chosen;
}

function showText(text) {
  setPlaying(false);
  listTexts(text);
  const shown = traces.filter((trace) => trace.text === text);
  const tables = shown.map((trace) => trace.memories.map((_, which) => tableOf(trace, which)));
  const alone = shown.length === 1;
  const scale = scaleOf(tables.flat(), alone ? ROOM.alone : ROOM.several);
  const stateful = shown.some((trace) => trace.steps.some((step) => step.state !== null));
  views = shown.map((trace, which) => machineView(trace, tables[which], { alone, scale, stateful }));
  document.body.toggleAttribute("data-several", !alone);
  length = Math.max(0, ...views.map((view) => view.length));
  $("machines").replaceChildren(...views.map((view) => view.node));
  $("step").max = Math.max(0, length - 1);
  for (const id of ["first", "previous", "play", "next", "last", "step", "input"]) $(id).disabled = views.length === 0;
  $("sentence").textContent = views.length === 0 ? EMPTY : "";
  showStep(0);
}

const complain = (text) => ($("alert").textContent = text);

async function fetched(text) {
  try {
    return await (await fetch("trace?text=" + encodeURIComponent(text))).json();
  } catch {
    return { error: UNREACHED };
  }
}

async function askServer(text) {
  const button = $("ask").querySelector("button");
  button.disabled = true;
  const { traces: fresh, error } = await fetched(text);
  button.disabled = false;
  if (error !== undefined) return complain(error);
  traces = [...traces, ...fresh];
  showText(fresh[0].text);
}

async function ask(text) {
  complain("");
  return textsOf().includes(text) ? showText(text) : askServer(text);
}

// Light or dark: the system's setting, until the reader switches.

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

function drawAgain() {
  for (const view of views) view.draw();
}

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme === undefined ? systemIsDark.matches : root.dataset.theme === "dark";
  root.dataset.theme = dark ? "light" : "dark";
  drawAgain();
}

// The keyboard. A control that uses a key itself keeps it.

const KEYS = {
  ArrowLeft: () => goTo(at - 1),
  ArrowRight: () => goTo(at + 1),
  Home: () => goTo(0),
  End: () => goTo(length - 1),
  " ": togglePlaying,
};

function pressed(event) {
  const keeps = event.key === " " ? "button, select, #text" : "select, #text";
  if (!(event.key in KEYS) || event.target.matches(keeps) || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  KEYS[event.key]();
}

$("first").addEventListener("click", () => goTo(0));
$("previous").addEventListener("click", () => goTo(at - 1));
$("play").addEventListener("click", togglePlaying);
$("next").addEventListener("click", () => goTo(at + 1));
$("last").addEventListener("click", () => goTo(length - 1));
$("step").addEventListener("input", (event) => goTo(Number(event.target.value)));
$("speed").addEventListener("change", () => setPlaying(clock !== null));
$("input").addEventListener("change", (event) => ask(event.target.value));
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  ask($("text").value);
});
$("theme").addEventListener("click", toggleTheme);
systemIsDark.addEventListener("change", drawAgain);
document.addEventListener("keydown", pressed);
$("ask").hidden = !live;
$("saved").hidden = live;
showText(textsOf()[0] ?? "");
