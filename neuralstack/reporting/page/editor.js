// The memories of the playground, whose elements can be chosen and edited; and edits, as text and in an address.

const ROOM = { stack: [24, 0], queue: [16, 4] }; // elements that are shown where it is read, and at the other end
const VERBS = ["change", "insert", "remove"];

function placeInWords(kind, place) {
  const end = kind === "queue" ? "front" : "top";
  return place === 0 ? `the ${end}` : `place ${(place + 1).toLocaleString("en")} from the ${end}`;
}

// An edit as the address has it: step, memory, place, verb, and the kind of value that is put there.
const verbOf = ({ removes, puts }) => (puts === null ? "remove" : removes ? "change" : "insert");
const makeEdit = (step, memory, place, verb, puts) => ({
  step,
  memory,
  place,
  removes: verb !== "insert",
  puts: verb === "remove" ? null : puts,
});

function addressOf(edit) {
  const parts = [edit.step, edit.memory, edit.place, verbOf(edit)];
  return (edit.puts === null ? parts : [...parts, edit.puts]).join(".");
}

function editFrom(program, text) {
  const found = text.match(/^(\d{1,9})\.(\d{1,4})\.(\d{1,9})\.([a-z]+)(?:\.(\d{1,6}))?$/);
  if (found === null || !VERBS.includes(found[4])) return null;
  const [step, memory, place, puts] = [found[1], found[2], found[3], found[5]].map(Number);
  const edit = makeEdit(step, memory, place, found[4], puts);
  const known = memory < program.memories.length && (edit.puts === null || edit.puts < program.kinds[memory].length);
  return known ? edit : null;
}

function editInWords(program, edit) {
  const { step, memory, place, puts } = edit;
  const where = `${placeInWords(program.memories[memory], place)} of ${theMemory(program, memory)}`;
  const value = puts === null ? "" : shownKind(program, memory, puts);
  const done = {
    change: `${where} becomes ${value}`,
    insert: `${value} is put in at ${where}`,
    remove: `${where} is removed`,
  };
  return `After step ${step.toLocaleString("en")}: ${done[verbOf(edit)]}`;
}

function elementOf(program, which, element, place, choose) {
  const value = shownKind(program, which, element.kind);
  const origin = element.edited ? "put there by an edit" : `pushed at step ${element.step.toLocaleString("en")}`;
  const label = `${value}, ${placeInWords(program.memories[which], place)}, ${origin}`;
  const node = make(
    "button",
    { type: "button", class: "element", "data-place": place, "aria-label": label, title: label },
    value,
  );
  node.classList.toggle("edited", element.edited === true);
  node.addEventListener("click", () => choose(place));
  return make("li", {}, node);
}

// One memory: a stack is drawn upward, a queue from its front to the right.
function makeMemory(program, which, apply) {
  const kind = program.memories[which];
  const name = memoryName(program, which);
  const list = make("ol", {
    class: `elements ${kind}`,
    "aria-label": `${name}, from the ${kind === "queue" ? "front" : "top"}`,
  });
  const holds = make("p", { class: "holds" });
  const chosen = make("span", { class: "chosen" });
  const value = make("select", { "aria-label": `Value for ${theMemory(program, which)}` });
  value.append(...program.readable_kinds[which].map((text, number) => make("option", { value: number }, text)));
  const button = (text) => make("button", { type: "button" }, text);
  const buttons = { change: button("Change"), insert: button("Insert"), remove: button("Remove") };
  const about = { class: "editor", role: "group", "aria-label": `Edit ${theMemory(program, which)} at this step` };
  const editor = make("div", about, chosen, value, ...Object.values(buttons));
  const node = make(
    "div",
    { class: `memory ${kind}`, "data-memory": kind, role: "group", "aria-label": name },
    make("h3", {}, name),
    list,
    holds,
    editor,
  );
  let place = 0;
  let shown = null;

  function choose(other) {
    place = other;
    value.value = shown.list(place, place + 1)[0].kind;
    show(shown);
  }

  function show(memory) {
    shown = memory;
    place = Math.max(0, Math.min(place, memory.size - 1));
    const focused = list.contains(document.activeElement);
    const [near, far] = ROOM[kind];
    const hidden = memory.size - near - far;
    const some = (from, to) =>
      memory.list(from, to).map((element, number) => elementOf(program, which, element, from + number, choose));
    const items = hidden > 0 ? some(0, near) : some(0, memory.size);
    if (hidden > 0)
      items.push(
        make("li", { class: "hidden" }, `… ${hidden.toLocaleString("en")} more …`),
        ...some(near + hidden, memory.size),
      );
    list.replaceChildren(...items);
    const current = list.querySelector(`[data-place="${place}"]`);
    current?.setAttribute("aria-pressed", "true");
    if (focused) current?.focus({ preventScroll: true });
    node.dataset.shows = memory.size === 0 ? "" : program.kinds[which][memory.shown];
    holds.textContent =
      memory.size === 0 ? "empty" : count(memory.size, "element") + (kind === "queue" ? ", the front on the left" : "");
    chosen.textContent = memory.size === 0 ? "empty:" : `${placeInWords(kind, place)}:`;
    for (const verb of ["change", "remove"]) buttons[verb].disabled = memory.size === 0;
  }

  for (const [verb, one] of Object.entries(buttons)) {
    one.addEventListener("click", () => apply(which, place, verb, Number(value.value)));
  }
  return { node, show };
}

function listEdits(program, edits, undo) {
  $("edited").hidden = edits.length === 0;
  const items = edits.map((edit, number) => {
    const text = editInWords(program, edit);
    const button = make("button", { type: "button", "aria-label": `Undo: ${text}` }, "×");
    button.addEventListener("click", () => undo(number));
    return make("li", {}, make("span", {}, text), button);
  });
  $("edits").replaceChildren(...items);
}
