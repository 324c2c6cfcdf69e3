// The page: which text is shown, at which step, and what the reader does about it.

const SAVED =
  "This is a saved page: it holds the texts in the list and cannot run the machine on others. " +
  "For a page that can, run: neuralstack view RUN";
const EMPTY = "No text is shown yet: type one above.";
const UNREACHED = "The machine does not answer: is neuralstack view still running?";

const $ = (id) => document.getElementById(id);
const live = document.body.dataset.live === "true";

let traces = JSON.parse($("traces").textContent).map(unpacked);
let views = []; // of the machines that are shown
let length = 0; // of the longest of their traces
let at = 0; // the step that is shown
let clock = null; // the timer, while playing

// One machine.

function verdictOf({ answer, right_answer: right }) {
  if (right === null) return [];
  if (answer === right) return [make("span", { class: "verdict right" }, "answers right")];
  return [make("span", { class: "verdict wrong" }, `answers wrong, right is ${clipped(right)}`)];
}

function machineView(trace, tables, scale) {
  const legend = legendPart();
  const memories = tables.map((table, which) => memoryPart(trace, table, which, scale));
  const overviews = tables.map((table, which) => overviewPart(trace, table, which, legend.colors, goTo));
  const [tape, controller] = [tapePart(trace), controllerPart(trace)];
  const node = make(
    "section",
    { "data-machine": trace.name, "aria-label": trace.name },
    make("div", { class: "name" }, make("h2", {}, trace.name), ...verdictOf(trace)),
    make("p", { class: "about" }, `${trace.machine} · ${trace.task}`),
    tape.node,
    make(
      "div",
      { class: trace.memories.length > 1 ? "body" : "body wide" },
      make("div", { class: "memories" }, controller.node, ...memories.map((part) => part.node)),
      make("div", { class: "overview" }, legend.node, ...overviews.map((part) => part.node)),
    ),
  );
  const last = trace.steps.length - 1; // where the shorter of two traces waits for the other
  const show = (step) => {
    for (const part of [tape, controller, ...memories, ...overviews]) part.show(Math.min(step, last));
  };
  const draw = () => overviews.forEach((part) => part.draw());
  const say = (step) => stepInWords(trace, tables, Math.min(step, last));
  return { node, name: trace.name, length: trace.steps.length, show, draw, say };
}

// Time.

function sentence() {
  const said = views.map((view) => (views.length > 1 ? `${view.name}: ` : "") + view.say(at));
  return `Step ${at + 1} of ${length}: ${said.join(" ")}`;
}

function showStep(step) {
  if (views.length === 0) return;
  at = Math.min(length - 1, Math.max(0, step));
  for (const view of views) view.show(at);
  $("step").value = at;
  $("step").setAttribute("aria-valuetext", `step ${at + 1} of ${length}`);
  $("count").textContent = `${at + 1} / ${length}`;
  $("said").textContent = sentence();
}

function setPlaying(playing) {
  clearInterval(clock);
  clock = playing ? setInterval(tick, 1000 / Number($("speed").value)) : null;
  document.body.toggleAttribute("data-playing", playing);
  $("play").setAttribute("aria-label", playing ? "Pause" : "Play");
  // While time runs, each step is shown; only the one that it stops at is read aloud.
  $("said").setAttribute("aria-live", playing ? "off" : "polite");
}

function tick() {
  if (at + 1 >= length - 1) setPlaying(false);
  showStep(at + 1);
}

function togglePlaying() {
  if (clock === null && at >= length - 1) showStep(0);
  setPlaying(clock === null && length > 1);
}

// The reader's hand stops the clock.
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
  const scale = scaleOf(tables.flat());
  views = shown.map((trace, which) => machineView(trace, tables[which], scale));
  length = Math.max(0, ...views.map((view) => view.length));
  $("machines").replaceChildren(...views.map((view) => view.node));
  $("step").max = Math.max(0, length - 1);
  for (const id of ["first", "previous", "play", "next", "last", "step", "input"]) $(id).disabled = views.length === 0;
  $("said").textContent = views.length === 0 ? EMPTY : "";
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
  const { traces: found, error } = await fetched(text);
  button.disabled = false;
  if (error !== undefined) return complain(error);
  traces = [...traces, ...found];
  showText(found[0].text);
}

async function ask(text) {
  complain("");
  if (textsOf().includes(text)) return showText(text);
  return live ? askServer(text) : complain(SAVED);
}

// Light and dark: what the system says, until the reader says otherwise.

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
showText(textsOf()[0] ?? "");
