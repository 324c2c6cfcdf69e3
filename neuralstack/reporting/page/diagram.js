// The state diagram: the states in a ring, and an arrow from each to each next one, with its rules.

const RING = { width: 440, middle: 220, across: 135, beside: 70 };
const FEW = { named: 9, labeled: 2 }; // up to so many states are named in full, and all of their arrows are labeled
const LINES = { most: 2, long: 28 }; // of the label of an arrow
const HALF = 14; // the height of a state, halved
const LETTERS = 7.2; // the width of a letter

const SVG = "http://www.w3.org/2000/svg";

function draw(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const shortened = (text, length) => (text.length > length ? text.slice(0, length - 1) + "…" : text);

// The places of the states, the first on the left, clockwise.
function placesOf(states) {
  const count = states.length;
  const down = count <= 2 ? 0 : count <= 6 ? 100 : 155;
  const height = count <= 2 ? 210 : 2 * (down + RING.beside);
  const centers = states.map((name, number) => {
    const angle = Math.PI + (2 * Math.PI * number) / count;
    const across = count === 1 ? 0 : RING.across;
    const text = count <= FEW.named ? shortened(name, 20) : String(number + 1);
    const half = (text.length * LETTERS) / 2 + 9;
    const x = RING.middle + across * Math.cos(angle);
    const y = (count <= 2 ? height - 90 : height / 2) + down * Math.sin(angle);
    return { x: Math.min(RING.width - half - 4, Math.max(half + 4, x)), y, half, text, name };
  });
  return { centers, height };
}

const inside = ({ x, y, half }, point) => Math.abs(point.x - x) < half + 4 && Math.abs(point.y - y) < HALF + 4;

// An arrow's line, the point and the direction of its head, and the place of its label.
function loopOf({ x, y }, upward) {
  const side = upward ? -1 : 1;
  const edge = y + side * HALF;
  const far = edge + side * 40;
  const path = `M${x - 11},${edge}C${x - 32},${far} ${x + 32},${far} ${x + 11},${edge + side * 3}`;
  return {
    path,
    head: { x: x + 11, y: edge + side * 3 },
    angle: Math.atan2(-side, -0.5),
    label: { x, y: edge + side * 36, side },
  };
}

function arcOf(from, to) {
  const [across, down] = [to.x - from.x, to.y - from.y];
  const bend = 0.22;
  const bow = { x: (from.x + to.x) / 2 - bend * down, y: (from.y + to.y) / 2 + bend * across };
  const at = (t) => ({
    x: (1 - t) ** 2 * from.x + 2 * t * (1 - t) * bow.x + t * t * to.x,
    y: (1 - t) ** 2 * from.y + 2 * t * (1 - t) * bow.y + t * t * to.y,
  });
  const steps = Array.from({ length: 101 }, (_, number) => at(number / 100));
  const seen = steps.filter((point) => !inside(from, point) && !inside(to, point));
  const points = seen.length > 1 ? seen : [from, to];
  const [before, head] = points.slice(-2);
  const path = "M" + points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L");
  const middle = at(0.5);
  const label = { x: middle.x, y: middle.y + (across >= 0 ? 4 : -4), side: across >= 0 ? 1 : -1 };
  return { path, head, angle: Math.atan2(head.y - before.y, head.x - before.x), label };
}

function headOf({ x, y }, angle) {
  const corner = (turn, far) =>
    `${(x - far * Math.cos(angle + turn)).toFixed(1)},${(y - far * Math.sin(angle + turn)).toFixed(1)}`;
  return draw("polygon", { class: "head", points: [corner(0, 0), corner(0.4, 10), corner(-0.4, 10)].join(" ") });
}

// What a rule does, as in a line of the table: `a b [nothing]: pop, push it`.
function ruleInWords(cells) {
  const [given, ...rest] = cells.slice(1, -1);
  const [push, pop] = [rest.pop(), rest.pop()];
  const shown = rest.filter((text) => text !== "anything").map((text) => ` [${text}]`);
  const isNone = (text) => text.split(" | ").every((part) => part === "–");
  const done = [...(isNone(pop) ? [] : [pop]), ...(isNone(push) ? [] : [`push ${push}`])];
  return `${given}${shown.join("")}: ${done.join(", ") || "keep"}`;
}

function labelOf(lines, { x, y, side }, width) {
  const shown = lines.slice(0, LINES.most).map((line) => shortened(line, LINES.long));
  if (lines.length > LINES.most) shown[LINES.most - 1] += ` … +${lines.length - LINES.most}`;
  const half = (Math.max(...shown.map((line) => line.length)) * 6.2) / 2;
  const within = Math.min(width - half, Math.max(half, x));
  const first = side < 0 ? y - 13 * (shown.length - 1) - 3 : y + 12;
  return draw(
    "text",
    { class: "label" },
    ...shown.map((line, number) => draw("tspan", { x: within, y: first + 13 * number }, line)),
  );
}

function makeDiagram(program) {
  const { centers, height } = placesOf(program.states);
  const edges = new Map();
  for (const { cells, edge } of program.rows) {
    const key = edge.join();
    edges.set(key, { edge, lines: [...(edges.get(key)?.lines ?? []), ruleInWords(cells)] });
  }
  const image = draw("svg", { class: "diagram", role: "img", viewBox: `0 0 ${RING.width} ${height}` });
  image.classList.toggle("labeled", program.states.length <= FEW.labeled);
  const arrows = new Map();
  for (const [key, { edge, lines }] of edges) {
    const [from, to] = edge.map((state) => centers[state]);
    const { path, head, angle, label } = from === to ? loopOf(from, from.y <= height / 2 + 20) : arcOf(from, to);
    const title = draw("title", {}, `${from.name} → ${to.name}: ${lines.join("; ")}`);
    const arrow = draw(
      "g",
      { class: "arrow" },
      title,
      draw("path", { d: path }),
      headOf(head, angle),
      labelOf(lines, label, RING.width),
    );
    arrows.set(key, arrow);
  }
  const boxes = centers.map(({ x, y, half, text, name }) => {
    const box = { x: x - half, y: y - HALF, width: 2 * half, height: 2 * HALF, rx: HALF };
    return draw(
      "g",
      { class: "state" },
      draw("title", {}, name),
      draw("rect", box),
      draw("text", { x, y: y + 4 }, text),
    );
  });
  image.append(...arrows.values(), ...boxes);

  function show(run, at) {
    const state = run.states[at];
    boxes.forEach((box, number) => box.classList.toggle("current", number === state));
    const taken = at > 0 ? `${run.states[at - 1]},${state}` : "";
    for (const [key, arrow] of arrows) arrow.classList.toggle("taken", key === taken);
    if (arrows.has(taken)) boxes[0].before(arrows.get(taken)); // above the other arrows
    const scroll = image.parentElement; // in a narrow window, it shows a part of the diagram
    scroll.scrollLeft = (centers[state].x / RING.width) * image.clientWidth - scroll.clientWidth / 2;
    const name = program.states[state];
    const before = at > 0 ? `, reached from ${program.states[run.states[at - 1]]}` : "";
    image.setAttribute("aria-label", `Diagram of ${program.states.length} states: now in ${name}${before}`);
  }
  return { node: image, show };
}
