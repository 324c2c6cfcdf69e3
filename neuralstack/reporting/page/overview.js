// All steps of a memory at once, on a canvas: push and pop above, below them a row for each element. It is drawn when
// its size or the colors change; a step only moves the cursor on it.

const STRIP = 44; // the height of push and pop, in pixels
const ROWS = { each: 22, least: 66, alone: 300, several: 150 }; // the heights of an element and of all of them
const GAP = 10;
const AXIS = 20;
const RIGHT = 14; // for the last number below
const LAYERS = 4; // into which a row of the heat map is divided
const LETTER = 11; // the width that a symbol needs

// The colors are read from the legend, so that only the style sheet distinguishes light and dark.
function makeLegend(trace) {
  const entries = { push: "push, and strength", read: "of it in the read", pop: "pop" };
  if (!trace.language) entries.answer = "answer";
  if (trace.unedited) entries.edited = "edited step";
  const swatches = {};
  const node = make("p", { class: "legend" });
  for (const [name, label] of Object.entries(entries)) {
    swatches[name] = make("span", { class: `swatch ${name}` });
    node.append(make("span", {}, swatches[name], label));
  }
  const colorOf = ([name, swatch]) => [name, getComputedStyle(swatch).backgroundColor];
  const colors = () => Object.fromEntries(Object.entries(swatches).map(colorOf));
  return { node, colors };
}

const channels = (color) => color.match(/[\d.]+/g).map(Number);

// A column of pixels for each step, with a few for each element, of which its share in the read has the color of the
// read. The canvas stretches it.
function heatMap(memory, table, colors) {
  const height = LAYERS * table.count;
  const image = new ImageData(table.steps, height);
  const [held, read] = [channels(colors.push), channels(colors.read)];
  for (let at = 0; at < table.steps; at++) {
    const [strengths, weights] = [table.strengths(at), table.weights(at)];
    const atBottom = readAtBottom(memory, strengths);
    for (let index = 0; index < table.count; index++) {
      if (strengths[index] <= 0) continue;
      const row = LAYERS * (memory.kind === "cells" ? index : table.count - 1 - index);
      const alpha = 255 * Math.max(0.08, strengths[index]); // weak elements stay visible
      const filled = Math.round((LAYERS * weights[index]) / strengths[index]);
      for (let layer = 0; layer < LAYERS; layer++) {
        const [red, green, blue] = layer < filled ? read : held;
        const fromTop = atBottom(index) ? LAYERS - 1 - layer : layer;
        image.data.set([red, green, blue, alpha], 4 * ((row + fromTop) * table.steps + at));
      }
    }
  }
  const canvas = new OffscreenCanvas(table.steps, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function drawStrip(context, actions, upper, frame, colors) {
  const middle = upper + STRIP / 2;
  const width = Math.max(1, 0.8 * frame.cell);
  actions.forEach((action, at) => {
    const left = frame.left + (at + 0.5) * frame.cell - width / 2;
    const [up, down] = [action.push, action.pop].map((value) => (Math.min(1, value) * STRIP) / 2);
    context.fillStyle = colors.push;
    context.fillRect(left, middle - up, width, up);
    context.fillStyle = colors.pop;
    context.fillRect(left, middle, width, down);
  });
  context.fillStyle = colors.muted;
  context.fillRect(frame.left, middle - 0.5, frame.cell * actions.length, 1);
  context.textAlign = "right";
  const end = frame.several ? ` ${actions[0].end}` : "";
  context.fillText(`push${end}`, frame.left - 6, middle - STRIP / 4);
  context.fillText(`pop${end}`, frame.left - 6, middle + STRIP / 4);
}

function drawRowNames(context, memory, upper, height, frame) {
  const row = height / memory.elements.length;
  context.textAlign = "right";
  if (row < LETTER) {
    context.fillText(memory.kind === "cells" ? "cells" : "elements", frame.left - 6, upper + height / 2);
    return;
  }
  memory.elements.forEach((element, index) => {
    const fromTop = memory.kind === "cells" ? index : memory.elements.length - 1 - index;
    const name = element.symbol.slice(0, 4) || String(index + 1);
    context.fillText(name, frame.left - 6, upper + (fromTop + 0.5) * row);
  });
}

// The input symbols if there is room for them, otherwise the numbers of a few steps.
function drawTimes(context, trace, y, frame) {
  const fits = frame.cell >= LETTER;
  const every = fits ? 1 : 10 ** Math.ceil(Math.log10(48 / frame.cell));
  context.textAlign = "center";
  trace.steps.forEach((step, at) => {
    if ((at + 1) % every !== 0) return;
    context.fillText(fits ? step.given.slice(0, 2) : String(at + 1), frame.left + (at + 0.5) * frame.cell, y);
  });
}

// A line at the beginning of each step that is edited.
function drawEdits(context, trace, height, frame, colors) {
  context.fillStyle = colors.edited;
  for (const { step } of editsOf(trace)) context.fillRect(frame.left + step * frame.cell - 1, 0, 2, height);
  context.fillStyle = colors.muted;
}

function makeOverview(trace, table, which, alone, colors, goTo) {
  const memory = trace.memories[which];
  const strips = trace.steps[0].memories[which].actions.length;
  const steps = trace.steps.length;
  const rows = Math.min(alone ? ROWS.alone : ROWS.several, Math.max(ROWS.least, ROWS.each * table.count));
  const height = strips * (STRIP + GAP) + rows + AXIS;
  const described = `Overview of the ${titleOf(trace, which)}: push, pop, ${table.count} elements over ${steps} steps`;
  const canvas = make("canvas", { role: "img", "aria-label": described });
  const cursor = make("div", { class: "cursor", "aria-hidden": "true" });
  const node = make("div", { class: "plot" }, canvas, cursor);
  canvas.style.height = `${height}px`;
  const frame = { left: strips > 1 ? 76 : 56, cell: 0, several: strips > 1 };
  let current = 0;

  function draw() {
    if (!node.isConnected) return; // another text is shown: the observer calls again
    const width = node.clientWidth;
    const context = canvas.getContext("2d");
    const palette = { ...colors(), muted: getComputedStyle(node).color };
    frame.cell = (width - frame.left - RIGHT) / steps;
    [canvas.width, canvas.height] = [width * devicePixelRatio, height * devicePixelRatio];
    context.scale(devicePixelRatio, devicePixelRatio);
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    const upper = strips * (STRIP + GAP);
    const answer = frame.left + trace.first_answer * frame.cell;
    if (!trace.language) {
      context.fillStyle = palette.answer;
      context.fillRect(answer, 0, width - RIGHT - answer, height - AXIS);
    }
    for (let number = 0; number < strips; number++) {
      const actions = trace.steps.map((step) => step.memories[which].actions[number]);
      drawStrip(context, actions, number * (STRIP + GAP), frame, palette);
    }
    if (table.count > 0) {
      // If one pixel stands for several elements or steps, show their mean; otherwise sharp edges.
      context.imageSmoothingEnabled = frame.cell < 1 || rows < LAYERS * table.count;
      context.imageSmoothingQuality = "high";
      context.drawImage(heatMap(memory, table, palette), frame.left, upper, frame.cell * steps, rows);
      drawRowNames(context, memory, upper, rows, frame);
    }
    if (trace.unedited) drawEdits(context, trace, height - AXIS, frame, palette);
    drawTimes(context, trace, height - AXIS / 2 + 2, frame);
    show(current);
  }

  function show(at) {
    current = at;
    cursor.style.left = `${frame.left + at * frame.cell}px`;
    cursor.style.width = `${Math.max(2, frame.cell)}px`;
  }

  const pointed = (event) => {
    const at = Math.floor((event.offsetX - frame.left) / frame.cell);
    goTo(Math.min(steps - 1, Math.max(0, at)));
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointed(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) pointed(event);
  });
  new ResizeObserver(draw).observe(node);
  return { node, show, draw };
}
