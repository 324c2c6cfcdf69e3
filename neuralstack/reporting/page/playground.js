// The playground: the program that is chosen, its input, its runs with and without edits, and the address.

const SLICE = 5000; // steps between which the page answers the reader
const LONGEST_ADDRESS = 8000; // characters of an input that the address holds
const UNHURRIED = 300; // milliseconds: browsers limit how often a page changes its address
const NAMED = 30; // symbols that are all named to the reader

const entries = JSON.parse($("programs").textContent);
const programs = entries.map(({ content, ...others }) => ({ ...others, ...loaded(content) }));

let program = null;
let parts = null; // that show a step of the program
let typed = { text: "", source: [] }; // the last input that the program takes
let edits = [];
let [base, run] = [null, null]; // without and with the edits; the same if there are none
let asked = 0; // how often a run was asked for: a later one takes the place of an earlier one
let remembering = null; // the timer after which the address is changed

const pause = () => new Promise((resume) => setTimeout(resume));

// Whether a run reached its end before another was asked for.
async function finished(some, mine) {
  while (!some.advance(SLICE)) {
    await pause();
    if (mine !== asked) return false;
  }
  return true;
}

function symbolsInWords() {
  const visible = (number) => program.readable[number] === program.symbols[number];
  const order = [...program.symbols.keys()].sort((one, other) => visible(other) - visible(one));
  const symbols = order.map((number) => program.readable[number]);
  const some = symbols.slice(0, NAMED).join(" ");
  const more = symbols.length > NAMED ? ` and ${symbols.length - NAMED} others` : "";
  return `${some}${more}${program.spelled ? "" : ", with spaces between them"}`;
}

function complain(text) {
  $("alert").textContent = text;
  $("text").setAttribute("aria-invalid", text !== "");
}

function refusal(source, unknown) {
  if (unknown !== undefined)
    return `“${printable(unknown)}” is not a symbol of this program, which takes ${symbolsInWords()}.`;
  return source.length === 0 ? `Type at least one symbol: this program takes ${symbolsInWords()}.` : "";
}

// Takes what is typed, unless it has no symbols or others: then the page stays as it is, and says why.
function answer(step = 0, others = []) {
  const text = $("text").value;
  const { source, unknown } = symbolsOf(program, text);
  complain(refusal(source, unknown));
  if ($("alert").textContent !== "") return;
  typed = { text, source };
  edits = others;
  rerun(step);
}

// Runs the program with and without the edits, and shows a step.
async function rerun(step) {
  if (typed.source.length === 0) return;
  const mine = ++asked;
  const without = makeRun(program, typed.source);
  if (!(await finished(without, mine))) return;
  const changed = edits.length === 0 ? without : makeRun(program, typed.source, edits);
  if (changed !== without && !(await finished(changed, mine))) return;
  [base, run] = [without, changed];
  $("result").replaceChildren(...resultOf(run, base));
  listEdits(program, edits, undo);
  player.restart(run.held.length, step);
}

function showStep(at) {
  parts.tape.show(run, base, at);
  parts.diagram.show(run, at);
  parts.tables.show(run, at);
  parts.memories.forEach((memory, which) => memory.show(run.held[at][which]));
  $("sentence").textContent = `Step ${at} of ${run.held.length - 1}: ${stepInWords(program, run, base, at)}`;
  remember();
}

const player = makePlayer(showStep, 0);

// Edits.

function apply(memory, place, verb, kind) {
  if (run === null) return;
  edits = [...edits, makeEdit(player.step(), memory, place, verb, kind)];
  rerun(player.step());
}

function undo(number) {
  edits = edits.filter((_, other) => other !== number);
  $(edits.length > 0 ? "reset" : "play").focus(); // since the button that was pressed goes
  rerun(player.step());
}

// Programs.

// Shows a program that has no input yet.
function choose(number) {
  program = programs[number];
  asked++; // no run of another program is waited for
  [typed, edits, base, run] = [{ text: "", source: [] }, [], null, null];
  $("input").value = number;
  $("name").textContent = program.name;
  const memories = program.memories.map((_, which) => memoryName(program, which)).join(", ") || "no memory";
  $("about").textContent =
    `${count(program.states.length, "state")} · ${memories} · ${count(program.bits, "bit")} written down`;
  $("symbols").textContent = `Symbols: ${symbolsInWords()}`;
  parts = {
    tape: makeTape(program),
    diagram: makeDiagram(program),
    tables: makeTables(program),
    memories: program.memories.map((_, which) => makeMemory(program, which, apply)),
  };
  for (const name of ["tape", "diagram", "tables"]) $(name).replaceChildren(parts[name].node);
  $("memories").replaceChildren(...parts.memories.map((memory) => memory.node));
  document.body.toggleAttribute("data-automaton", program.memories.length === 0);
  for (const name of ["result", "sentence"]) $(name).textContent = "";
  listEdits(program, edits, undo);
  player.restart(0);
}

function begin(number) {
  choose(number);
  $("text").value = textOf(program, program.example);
  answer();
}

// The address.

function remember() {
  clearTimeout(remembering);
  remembering = setTimeout(() => {
    const kept = new URLSearchParams({ program: program.name });
    if (typed.text.length <= LONGEST_ADDRESS) {
      kept.set("input", typed.text);
      kept.set("step", player.step());
      for (const edit of edits) kept.append("edit", addressOf(edit));
    }
    try {
      history.replaceState(null, "", `#${kept}`);
    } catch {
      // A page within a frame of a notebook has no address of its own.
    }
  }, UNHURRIED);
}

function recall() {
  const kept = new URLSearchParams(location.hash.slice(1));
  const named = programs.findIndex((some) => some.name === kept.get("program"));
  if (named < 0 || !kept.has("input")) return begin(Math.max(0, named));
  choose(named);
  $("text").value = kept.get("input");
  const others = kept.getAll("edit").map((text) => editFrom(program, text));
  answer(
    Math.trunc(Number(kept.get("step"))) || 0,
    others.filter((edit) => edit !== null),
  );
}

$("input").append(...programs.map(({ name }, number) => make("option", { value: number }, clipped(name))));
$("input").addEventListener("change", (event) => begin(Number(event.target.value)));
$("text").addEventListener("input", () => answer());
$("reset").addEventListener("click", () => {
  edits = [];
  $("play").focus();
  rerun(player.step());
});
window.addEventListener("hashchange", recall);
makeTheme();
recall();
