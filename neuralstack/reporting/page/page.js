// The page of traces: the text that is shown, and the machines that are given it.

const EMPTY = "No text is shown yet: type one above.";
const UNREACHED = "The machine does not answer: is neuralstack view still running?";
const ROOM = { alone: 280, several: 190 }; // the maximum height of a memory's column, in pixels

const live = document.body.dataset.live === "true";

let traces = JSON.parse($("traces").textContent).map(unpacked);
let views = []; // of the machines that are shown
let length = 0; // of the longest of their traces

// One machine.

// The whole answer, whatever the step, and whether it is right. A language model predicts, neither right nor wrong.
function resultOf(trace, condition = "") {
  if (trace.language) return make("p", { class: "result" }, condition, predictionsInWords(trace));
  const verdict = trace.right_answer === null ? "open" : trace.answer === trace.right_answer ? "right" : "wrong";
  const quoted = (text) => (text === "" ? "nothing" : make("span", { class: "symbol" }, clipped(printable(text))));
  const node = make("p", { class: `result ${verdict}` }, condition, "answers ", quoted(trace.answer));
  if (verdict === "wrong") node.append(", wrong: expected ", quoted(trace.right_answer));
  if (verdict === "right") node.append(", right");
  return node;
}

// Both answers, and the edits that make the difference, each of which leads to its step.
function resultsOf(trace) {
  const node = make("div", {}, resultOf(trace));
  if (!trace.unedited) return node;
  const items = editsOf(trace).map((edit) => {
    const button = make("button", { type: "button" }, `Step ${edit.step + 1}: ${editInWords(edit)}`);
    button.addEventListener("click", () => player.goTo(edit.step));
    return make("li", {}, button);
  });
  node.append(resultOf(withoutEdits(trace), "without the edits, "), make("ul", { class: "edits" }, ...items));
  return node;
}

function machineView(trace, tables, shared) {
  const legend = makeLegend(trace);
  const memories = tables.map((table, which) => makeMemory(trace, table, which, shared.scale));
  const overviews = tables.map((table, which) =>
    makeOverview(trace, table, which, shared.alone, legend.colors, player.goTo),
  );
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
    resultsOf(trace),
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

function sentence(at) {
  const clauses = views.map((view) => (views.length > 1 ? `${view.name}: ` : "") + view.inWords(at));
  return `Step ${at + 1} of ${length}: ${clauses.join(" ")}`;
}

function showStep(at) {
  for (const view of views) view.show(at);
  $("sentence").textContent = sentence(at);
}

const player = makePlayer(showStep, 1);

// Texts.

const textsOf = () => [...new Set(traces.map((trace) => trace.text))];

const optionOf = (text) => make("option", { value: text }, text === "" ? "(empty)" : clipped(text));

function listTexts(chosen) {
  $("input").replaceChildren(...textsOf().map(optionOf));
  $("input").value = chosen;
}

function showText(text) {
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
  $("input").disabled = views.length === 0;
  $("sentence").textContent = views.length === 0 ? EMPTY : "";
  player.restart(length);
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

$("input").addEventListener("change", (event) => ask(event.target.value));
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  ask($("text").value);
});
makeTheme(() => views.forEach((view) => view.draw()));
$("ask").hidden = !live;
$("saved").hidden = live;
showText(textsOf()[0] ?? "");
