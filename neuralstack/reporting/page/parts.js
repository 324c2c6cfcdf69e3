// The parts of the playground that show a step of a run: the tape, the rules, and the step in words.

const MARKS = { autoregressive: ["⊢", "|", "⊣"], query: ["□"], synchronous: [] };
const LONG_ANSWER = 400; // symbols of an answer that is shown in full

const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

// The sign of a token in a cell of the tape.
function signOf(program, token) {
  const mark = token - program.layout.symbols;
  return mark >= 0 ? (MARKS[program.layout.form][mark] ?? program.readable[token]) : program.readable[token];
}

const shownKind = (program, memory, kind) => program.readable_kinds[memory][kind];

// A memory is named by its kind, and by a number if the program has several of that kind.
function memoryName(program, which) {
  const kind = program.memories[which];
  const same = [...program.memories.keys()].filter((other) => program.memories[other] === kind);
  return same.length > 1 ? `${kind} ${same.indexOf(which) + 1}` : kind;
}

const theMemory = (program, which) => {
  const name = memoryName(program, which);
  return name === program.memories[which] ? `the ${name}` : name;
};

// Whether an answer differs from that of the same step without the edits.
const differs = (run, base, at) => run !== base && run.answers[at] !== (base.answers[at] ?? null);

// A window of the tape around the step, so that a long one costs no more than a short one.
function makeTape(program) {
  const longest = Math.max(...program.readable.slice(0, program.layout.symbols).map((text) => [...text].length));
  const cell = Math.min(88, Math.max(28, 9 * longest + 10));
  const [given, output] = [make("div", { class: "row" }), make("div", { class: "row", "data-output": "" })];
  const strip = make("div", { class: "strip" }, given, output);
  strip.style.setProperty("--cell", `${cell}px`);
  const labels = make("div", { class: "labels" }, make("span", {}, "given"), make("span", {}, "answers"));
  const node = make(
    "div",
    { class: "tape", role: "group", "aria-label": "Input, and the answer so far" },
    labels,
    strip,
  );
  let shown = null;

  function givenCell(run, step, at) {
    const token = run.tokens[step];
    const attributes = {
      class: step > at ? "cell later" : "cell",
      title: `step ${step}: ${printable(program.vocabulary[token])}`,
    };
    if (step === at) attributes["aria-current"] = "step";
    return make("span", attributes, signOf(program, token));
  }

  function answerCell(run, base, step, at) {
    const token = run.answers[step];
    if (step < run.first || step > at || token === null) return make("span", { class: "cell none" });
    const changed = differs(run, base, step);
    const title = printable(program.vocabulary[token]) + (changed ? ", other than without the edits" : "");
    return make("span", { class: changed ? "cell changed" : "cell", title }, signOf(program, token));
  }

  function show(run, base, at) {
    shown = [run, base, at];
    const last = run.tokens.length - 1;
    const fits = Math.max(3, Math.floor((node.clientWidth - labels.offsetWidth - 16) / cell));
    const from = Math.max(1, Math.min(at - Math.floor(fits / 2), last - fits + 1));
    const steps = Array.from({ length: Math.min(fits, last) }, (_, number) => from + number);
    given.replaceChildren(...steps.map((step) => givenCell(run, step, at)));
    output.replaceChildren(...steps.map((step) => answerCell(run, base, step, at)));
    strip.classList.toggle("earlier", from > 1);
    strip.classList.toggle("further", from + fits <= last);
  }
  new ResizeObserver(() => shown && show(...shown)).observe(node);
  return { node, show };
}

function tableOfRows(caption, columns, rows) {
  const heads = columns.map((name) => make("th", { scope: "col" }, name));
  const lines = rows.map((cells) => make("tr", {}, ...cells.map((text) => make("td", {}, printable(text)))));
  const head = make("thead", {}, make("tr", {}, ...heads));
  const table = make("table", {}, make("caption", {}, caption), head, make("tbody", {}, ...lines));
  return { node: make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table), lines };
}

function makeTables(program) {
  const rules = tableOfRows(
    "The rule that led to this step is marked",
    program.columns,
    program.rows.map((row) => row.cells),
  );
  const answers = tableOfRows("After each step it reads and answers", program.answer_columns, program.answer_rows);
  const node = make("div", { class: "tables" }, rules.node, answers.node);

  function show(run, at) {
    for (const line of rules.lines) line.removeAttribute("aria-current");
    rules.node.scrollTop = 0;
    if (at === 0) return;
    const [state, token, number] = run.rules[at];
    const line = rules.lines[program.rows_of_rules[state][token][number]];
    line.setAttribute("aria-current", "true");
    rules.node.scrollTop = line.offsetTop - rules.node.clientHeight / 2;
  }
  return { node, show };
}

// The answer up to a step as text: of a long one, the beginning and the number of symbols.
function answerText(program, symbols) {
  if (symbols.length === 0) return "nothing";
  const text = printable(textOf(program, symbols.slice(0, LONG_ANSWER)));
  return symbols.length > LONG_ANSWER ? `${text}… (${count(symbols.length, "symbol")})` : text;
}

function resultOf(run, base) {
  const whole = (of) => answerText(of.program, of.answerUpTo(of.answers.length - 1));
  const symbol = (text) => make("span", { class: "symbol" }, text);
  const parts =
    run.problem === null
      ? ["answers ", symbol(whole(run))]
      : [`stops after step ${run.answers.length - 1}: `, run.problem];
  if (run !== base) parts.push("; without the edits, ", base.problem === null ? symbol(whole(base)) : "it stops");
  return parts;
}

function actionInWords(program, run, at) {
  const [state, token, number] = run.rules[at];
  const [, pops, pushes] = program.rules[state][token].cases[number][1];
  const clauses = pops.map((pop, which) => {
    const done = [];
    const before = run.held[at - 1][which].shown;
    const name = theMemory(program, which);
    if (pop) done.push(`pops ${before === NOTHING ? "nothing" : shownKind(program, which, before)} from ${name}`);
    if (pushes[which] !== null) done.push(`pushes ${shownKind(program, which, pushes[which])} to ${name}`);
    return done.join(", ");
  });
  return clauses.filter((text) => text !== "").join("; ") || "leaves the memory as it is";
}

function stepInWords(program, run, base, at) {
  const holds = run.held[at].map((memory, which) => {
    if (memory.size === 0) return `${theMemory(program, which)} is empty`;
    const end = program.memories[which] === "queue" ? "in front" : "on top";
    const number = memory.size.toLocaleString("en");
    return `${theMemory(program, which)} holds ${number}, ${shownKind(program, which, memory.shown)} ${end}`;
  });
  const state = `state ${program.states[run.states[at]]}`;
  if (at === 0) return [`before the first token; ${state}`, ...holds].join("; ") + ".";
  const parts = [`given ${program.readable[run.tokens[at]]}`];
  if (program.memories.length > 0) parts.push(actionInWords(program, run, at));
  parts.push(state, ...holds);
  if (at >= run.first && run.answers[at] !== null) {
    const without =
      base.answers[at] === undefined || base.answers[at] === null ? "none" : program.readable[base.answers[at]];
    parts.push(
      `answers ${program.readable[run.answers[at]]}${differs(run, base, at) ? `, without the edits ${without}` : ""}`,
    );
  }
  return parts.join("; ") + ".";
}
