// The components of one machine: its tape, its controller, its memories. Each function makes its nodes once and
// returns them with `show`, which puts them into the state of a step.

const UNIT = { least: 22, most: 46 }; // the height of strength 1, in pixels

function outputCell(step, language) {
  const verdict = verdictOf(step, language);
  const title = verdictInWords(step, verdict);
  return make("span", { class: `cell ${verdict}`, title }, step.answered);
}

// The answers of a trace up to a step, below the steps at which they are given.
function makeOutput(trace, name) {
  const node = make("div", { class: "row", "data-output": name });
  node.style.setProperty("--before", trace.first_answer);

  function show(at) {
    const wanted = Math.max(0, Math.min(at + 1, trace.steps.length) - trace.first_answer);
    while (node.childElementCount > wanted) node.lastChild.remove();
    for (let next = node.childElementCount; next < wanted; next++) {
      node.append(outputCell(trace.steps[trace.first_answer + next], trace.language));
    }
  }
  return { node, show };
}

function givenCell(trace, step, at) {
  const edits = editsOf(trace).filter((edit) => edit.step === at);
  const node = make("span", { class: isAnswer(trace, at) ? "cell later" : "cell", title: step.given }, step.given);
  if (edits.length > 0) {
    node.classList.add("edited");
    node.title = [step.given, ...edits.map(editInWords)].join("; ");
  }
  return node;
}

function makeTape(trace) {
  const given = trace.steps.map((step, at) => givenCell(trace, step, at));
  const outputs = [makeOutput(trace, "")];
  const names = ["given", trace.language ? "predicts" : "answers"];
  if (trace.unedited) {
    outputs.push(makeOutput(withoutEdits(trace), "unedited"));
    names.push("unedited");
  }
  const rows = [make("div", { class: "row" }, ...given), ...outputs.map((output) => output.node)];
  const strip = make("div", { class: "strip" }, ...rows);
  const labels = make("div", { class: "labels" }, ...names.map((name) => make("span", {}, name)));
  const about = { class: "tape", role: "group", "aria-label": "Input, and the answer so far" };
  const node = make("div", about, labels, strip);

  function show(at) {
    for (const output of outputs) output.show(at);
    strip.querySelector("[aria-current]")?.removeAttribute("aria-current");
    given[at].setAttribute("aria-current", "step");
    strip.scrollLeft = given[at].offsetLeft - strip.clientWidth / 2;
  }
  return { node, show };
}

// A label, a bar and a number.
function bar(label, kind) {
  const filled = make("div", { class: `filled ${kind}` });
  const number = make("span", { class: "number" });
  const nodes = [make("span", {}, label), make("div", { class: "bar", "aria-hidden": "true" }, filled), number];
  const show = (value) => {
    filled.style.width = `${100 * Math.min(1, value)}%`;
    number.textContent = digits(value);
  };
  return { nodes, show };
}

function actionBars(trace, which, number) {
  const { actions } = trace.steps[0].memories[which];
  const headed = [];
  if (trace.memories.length > 1) headed.push(titleOf(trace, which));
  if (actions.length > 1) headed.push(actions[number].end);
  const heading = headed.length > 0 ? [make("h4", {}, headed.join(", "))] : [];
  const [push, pop] = [bar("push", "push"), bar("pop", "pop")];
  const show = (at) => {
    const action = trace.steps[at].memories[which].actions[number];
    push.show(action.push);
    pop.show(action.pop);
  };
  return { nodes: [...heading, ...push.nodes, ...pop.nodes], show };
}

function makeController(trace, stateful) {
  const state = make("span", { class: "state" });
  const bars = trace.memories.flatMap((_, which) =>
    trace.steps[0].memories[which].actions.map((_, number) => actionBars(trace, which, number)),
  );
  const sure = bar("probability", "sure");
  const answered = make("span", { class: "symbol" });
  const output = make("h3");
  const node = make("div", { class: "controller" }, make("h3", {}, "Controller"));
  if (stateful) node.append(make("p", {}, "state ", state));
  node.append(
    make("div", { class: "bars" }, ...bars.flatMap((bar) => bar.nodes)),
    output,
    make("p", {}, "symbol ", answered),
    make("div", { class: "bars" }, ...sure.nodes),
  );

  function show(at) {
    const step = trace.steps[at];
    state.textContent = step.state ?? "–";
    for (const bar of bars) bar.show(at);
    output.textContent = at < trace.first_answer ? "Output (not scored)" : "Output";
    answered.textContent = step.answered;
    sure.show(step.probability);
  }
  return { node, show };
}

const ENDS = {
  stack: ["top: pushed, popped and read here", ""],
  queue: ["back: pushed here", "front: popped and read here"],
  deque: ["top: pushed, popped and read here", "bottom: pushed, popped and read here"],
  cells: ["top: read here", ""],
};

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

// One scale for all steps of all memories on the page, so that heights can be compared: the largest at which the most
// that any of them ever holds fits in a column, in pixels.
function scaleOf(tables, room) {
  const totals = tables.flatMap((table) => Array.from({ length: table.steps }, (_, at) => sum(table.strengths(at))));
  const most = Math.max(2, ...totals);
  const unit = Math.min(UNIT.most, Math.max(UNIT.least, room / most));
  return { unit, height: Math.min(room, unit * most) + 6 };
}

// One element: a box whose height is its strength, filled by the share of it that is read.
function slotOf(memory, index, unit) {
  const share = make("div", { class: "share" });
  const box = make("div", { class: "box" }, share, make("span", { class: "symbol" }, nameOf(memory, index)));
  const numbers = [make("span", { class: "number" }), make("span", { class: "number read" })];
  const node = make("div", { class: "slot", title: nameOf(memory, index), hidden: "" }, box, ...numbers);
  let shown = { strength: 0, weight: 0, atBottom: false };

  function show(strength, weight, atBottom, isNew) {
    node.classList.toggle("new", isNew);
    if (strength === shown.strength && weight === shown.weight && atBottom === shown.atBottom) return;
    shown = { strength, weight, atBottom };
    node.hidden = strength <= 0;
    node.toggleAttribute("data-element", strength > 0);
    node.dataset.strength = strength;
    node.dataset.symbol = memory.elements[index].symbol;
    node.style.height = `${unit * strength}px`;
    const size = Math.min(16, 0.78 * unit * strength);
    node.style.fontSize = `${size}px`;
    node.classList.toggle("thin", size < 7); // too thin for letters
    share.hidden = weight <= 0;
    share.style.height = `${100 * Math.min(1, weight / strength)}%`;
    share.classList.toggle("at-bottom", atBottom);
    numbers[0].textContent = digits(strength);
    numbers[1].textContent = weight >= NOTICED ? digits(weight) : "";
  }
  return { node, show };
}

// The side of its box at which an element is read: in a deque, the top within the topmost unit, otherwise the bottom.
function readAtBottom(memory, strengths) {
  if (memory.kind !== "deque") return () => memory.kind === "queue";
  let above = 0;
  const low = new Set();
  for (const index of fromReadEnd(memory)) {
    if (above >= 1) low.add(index);
    above += strengths[index];
  }
  return (index) => low.has(index);
}

function makeMemory(trace, table, which, scale) {
  const memory = trace.memories[which];
  const slots = memory.elements.map((_, index) => slotOf(memory, index, scale.unit));
  const order = fromReadEnd(memory);
  const pile = make("div", { class: "pile" });
  // The highest index is on top, except for cells, whose first is.
  pile.append(...(memory.kind === "cells" ? slots : slots.toReversed()).map((slot) => slot.node));
  const column = make("div", { class: "column" }, pile);
  column.style.height = `${scale.height}px`;
  column.style.setProperty("--unit", `${scale.unit}px`);
  const heads = ["", "strength", "in read"].map((head) => make("span", {}, head));
  const holds = make("p", { class: "holds" });
  const name = titleOf(trace, which);
  const [above, below] = ENDS[memory.kind];
  const node = make(
    "div",
    { class: "memory", "data-memory": memory.kind, role: "group", "aria-label": name },
    make("h3", {}, name),
    make("p", { class: "end" }, above),
    column,
    make("div", { class: "heads", "aria-hidden": "true" }, ...heads),
    make("p", { class: "end" }, below),
    holds,
  );

  function show(at) {
    const [strengths, weights] = [table.strengths(at), table.weights(at)];
    const atBottom = readAtBottom(memory, strengths);
    slots.forEach((slot, index) =>
      slot.show(strengths[index], weights[index], atBottom(index), memory.elements[index].step === at),
    );
    const alive = order.filter((index) => strengths[index] > 0);
    node.dataset.top = alive.length > 0 ? memory.elements[alive[0]].symbol : "";
    const noun = alive.length === 1 ? "element" : "elements";
    holds.textContent = `${alive.length} ${noun}, strength ${digits(sum(strengths))}`;
    column.scrollTop = memory.kind === "queue" ? column.scrollHeight : 0;
  }
  return { node, show };
}
