// Traces: the state of a memory at each step, and a step in words. Nothing here touches the document.

const NOTICED = 0.005; // below this, two digits are 0.00

const digits = (number) => number.toFixed(2);

// In the page's own traces, a step is a list, and the names of a memory's ends are stored once.
function unpacked({ ends, ...trace }) {
  const memoryOf = ([actions, changed], which) => ({
    actions: actions.map(([push, pop], number) => ({ end: ends[which][number], push, pop })),
    changed,
  });
  const stepOf = ([given, answered, wanted, probability, state, memories]) => ({
    ...{ given, answered, wanted, probability, state },
    memories: memories.map(memoryOf),
  });
  return { ...trace, steps: trace.steps.map(stepOf) };
}

// A trace holds only changes. Tables of all steps make any step as quick to show as the next one.
function tableOf(trace, which) {
  const count = trace.memories[which].elements.length;
  const strengths = new Float64Array(trace.steps.length * count);
  const weights = new Float64Array(trace.steps.length * count);
  trace.steps.forEach((step, at) => {
    if (at > 0) {
      for (const table of [strengths, weights]) table.copyWithin(at * count, (at - 1) * count, at * count);
    }
    for (const [index, strength, weight] of step.memories[which].changed) {
      strengths[at * count + index] = strength;
      weights[at * count + index] = weight;
    }
  });
  const row = (table) => (at) => table.subarray(at * count, (at + 1) * count);
  return { steps: trace.steps.length, count, strengths: row(strengths), weights: row(weights) };
}

// Where a memory is read: stacks at the end of their list of elements, queues and cells at its start.
const readAtStart = (kind) => kind === "queue" || kind === "cells";

// The indices of the elements, from the one nearest to where the memory is read.
function fromReadEnd(memory) {
  const indices = [...memory.elements.keys()];
  return readAtStart(memory.kind) ? indices : indices.reverse();
}

// Cells, and the positions of a soft pointer, mix what was pushed at several steps: they are named by number.
function nameOf(memory, index) {
  if (memory.kind === "cells") return `cell ${index + 1}`;
  return memory.elements[index].symbol || `position ${index + 1}`;
}

function readInWords(memory, weights) {
  const read = fromReadEnd(memory).filter((index) => weights[index] >= NOTICED);
  if (read.length === 0) return "reads nothing";
  return "reads " + read.map((index) => `${nameOf(memory, index)} (${digits(weights[index])})`).join(", ");
}

// A memory is named by its kind, and by a number if the machine has several of that kind.
function titleOf(trace, which) {
  const { kind } = trace.memories[which];
  const same = [...trace.memories.keys()].filter((other) => trace.memories[other].kind === kind);
  return same.length > 1 ? `${kind} ${same.indexOf(which) + 1}` : kind;
}

function actionInWords(step, action, several) {
  const where = several ? `at the ${action.end} ` : "";
  return `${where}pushes ${step.given} with strength ${digits(action.push)}, pops ${digits(action.pop)}`;
}

function memoryInWords(trace, table, which, at) {
  const { actions } = trace.steps[at].memories[which];
  const clauses = actions.map((action) => actionInWords(trace.steps[at], action, actions.length > 1));
  clauses.push(readInWords(trace.memories[which], table.weights(at)));
  return (trace.memories.length > 1 ? `${titleOf(trace, which)}: ` : "") + clauses.join("; ");
}

// The steps of an answer. A language model has none: it predicts at every step.
const isAnswer = (trace, at) => !trace.language && at >= trace.first_answer;

// A character other than the predicted one is not a mistake of a language model.
function verdictOf({ answered, wanted }, language) {
  if (wanted === null) return "open";
  return answered === wanted ? "right" : language ? "other" : "wrong";
}

function verdictInWords({ wanted }, verdict) {
  const words = { open: "not scored", right: "right", wrong: `wrong: expected ${wanted}`, other: `${wanted} follows` };
  return words[verdict];
}

// Edits of steps. A trace without any has no answers from before them.
const PARTS = { state: "controller's state", readout: "readout's state", memory: "memory", action: "action" };
const editsOf = (trace) => trace.edits ?? [];
const editInWords = ({ part, change }) => `edited ${PARTS[part]}: ${change}`;

// The same trace with the answers that were given without the edits.
function withoutEdits(trace) {
  const { answer, answered } = trace.unedited;
  const steps = answered.map((symbol, at) => ({ wanted: null, ...trace.steps[at], answered: symbol }));
  return { ...trace, answer, steps };
}

// Whether an answer differs from that of the same step without the edits.
const differsAt = (trace, at) => Boolean(trace.unedited) && trace.unedited.answered[at] !== trace.steps[at].answered;

// Outputs before the answer are not scored, and left out.
function answerInWords(trace, at) {
  const step = trace.steps[at];
  if (at < trace.first_answer) return [];
  const answered = `${trace.language ? "predicts" : "answers"} ${step.answered}`;
  const verdict = verdictOf(step, trace.language);
  const clauses = [verdict === "open" ? answered : `${answered}, ${verdictInWords(step, verdict)}`];
  if (differsAt(trace, at)) clauses.push(`without the edits ${trace.unedited.answered[at] ?? "none"}`);
  return [clauses.join(", ")];
}

function predictionsInWords(trace) {
  const verdicts = trace.steps.map((step) => verdictOf(step, true)).filter((verdict) => verdict !== "open");
  const right = verdicts.filter((verdict) => verdict === "right").length;
  return `predicts ${right} of ${verdicts.length} characters`;
}

function stepInWords(trace, tables, at) {
  const step = trace.steps[at];
  const state = step.state === null ? [] : [`state ${step.state}`];
  const memories = tables.map((table, which) => memoryInWords(trace, table, which, at));
  const edits = editsOf(trace).filter((edit) => edit.step === at).map(editInWords);
  return [`given ${step.given}`, ...edits, ...state, ...memories, ...answerInWords(trace, at)].join("; ") + ".";
}
