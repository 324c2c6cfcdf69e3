// Programs: a run of one on a source, with all that its memories held after each step. Nothing here touches the
// document. What a memory holds never changes once made, so every step keeps its own at no cost; places in it are
// counted from where it is read. An element is a kind of value and the step at which it was pushed.

const NOTHING = -1; // what an empty memory shows

class Stack {
  constructor(element = null, below = null) {
    this.element = element;
    this.below = below;
    this.size = below === null ? 0 : below.size + 1;
  }

  get shown() {
    return this.size === 0 ? NOTHING : this.element.kind;
  }

  pop() {
    return this.below ?? this;
  }

  push(element) {
    return new Stack(element, this);
  }

  // The elements from one place to another, as far as there are any.
  list(from, to) {
    let rest = this;
    for (let place = 0; place < from && rest.size > 0; place++) rest = rest.below;
    const found = [];
    for (; found.length < to - from && rest.size > 0; rest = rest.below) found.push(rest.element);
    return found;
  }

  // Elements in place of others, which begin at a place.
  splice(place, removed, elements) {
    let rest = this;
    for (let gone = 0; gone < place + removed; gone++) rest = rest.below;
    return [...this.list(0, place), ...elements].reduceRight((stack, element) => stack.push(element), rest);
  }
}

// Queues that differ in their ends only share their list.
class Queue {
  constructor(pushed = [], front = 0, end = pushed.length) {
    this.pushed = pushed;
    this.front = front;
    this.end = end;
    this.size = end - front;
  }

  get shown() {
    return this.size === 0 ? NOTHING : this.pushed[this.front].kind;
  }

  pop() {
    return this.size === 0 ? this : new Queue(this.pushed, this.front + 1, this.end);
  }

  push(element) {
    if (this.pushed.length > this.end) return new Queue([...this.list(0, this.size), element]);
    this.pushed.push(element);
    return new Queue(this.pushed, this.front, this.end + 1);
  }

  list(from, to) {
    return this.pushed.slice(this.front + from, Math.min(this.front + to, this.end));
  }

  splice(place, removed, elements) {
    return new Queue(this.list(0, this.size).toSpliced(place, removed, ...elements));
  }
}

const EMPTY = { stack: Stack, queue: Queue };

// A choice as a function of what all memories show. It returns an outcome and the number of its case, or nothing.
function choiceOf(choice, sizes) {
  if (choice === null) return () => undefined;
  const { sees } = choice;
  const code = (kindOf) =>
    sees.reduce((sum, memory, place) => sum * (sizes[memory] + 1) + kindOf(memory, place) + 1, 0);
  const entry = ([reads, outcome], number) => [code((_, place) => reads[place] ?? NOTHING), { outcome, number }];
  const cases = new Map(choice.cases.map(entry));
  return (shown) => cases.get(code((memory) => shown[memory]));
}

// A program whose rules and answers are quick to find, from the content of its file.
function loaded(content) {
  const sizes = content.kinds.map((kinds) => kinds.length);
  const symbols = content.vocabulary.slice(0, content.layout.symbols);
  return {
    ...content,
    symbols,
    numbers: new Map(symbols.map((symbol, number) => [symbol, number])),
    spelled: symbols.every((symbol) => [...symbol].length === 1), // without spaces between symbols
    ruleOf: content.rules.map((row) => row.map((choice) => choiceOf(choice, sizes))),
    answerOf: content.answers.map((choice) => choiceOf(choice, sizes)),
  };
}

// The symbols of a text as numbers, or the first of them that is none of the program's.
function symbolsOf(program, text) {
  const parts = program.spelled ? [...text] : (text.match(/[^ \t\n\v\f\r]+/g) ?? []);
  const unknown = parts.find((part) => !program.numbers.has(part));
  return { source: parts.map((part) => program.numbers.get(part)), unknown };
}

const textOf = (program, tokens) => tokens.map((token) => program.vocabulary[token]).join(program.spelled ? "" : " ");

// How source and answer lie in a sequence, for a source of some length.
function layoutOf({ layout }, length) {
  const period = layout.answer_lengths.length;
  const right = layout.answer_lengths[length % period] + layout.growth * Math.floor(length / period);
  const mark = layout.symbols;
  const { form } = layout;
  return {
    before: form === "autoregressive" ? [mark] : [],
    after: form === "autoregressive" ? [mark + 1] : form === "query" ? Array(right).fill(mark) : [],
    end: form === "autoregressive" ? mark + 2 : null,
    first: { autoregressive: length + 2, query: length + 1, synchronous: 1 }[form], // the step of the first answer
    longest: 2 * right + 8,
  };
}

// A run that goes on by so many steps whenever it is asked to. Of each step it keeps the token that is given, the
// state, the answer or null, the rule (the state and the token that it is for, and the number of its case), and the
// memories. Step 0 is before the first token. An edit changes what a memory holds after a step: it takes one element
// out of its place, puts another there, or both.
function makeRun(program, source, edits = []) {
  const { before, after, end, first, longest } = layoutOf(program, source.length);
  const prompt = [...before, ...source, ...after];
  const run = { program, source, first, tokens: [null], states: [0], answers: [null], rules: [null], held: [] };
  const editsAt = new Map();
  for (const edit of edits) editsAt.set(edit.step, [...(editsAt.get(edit.step) ?? []), edit]);
  const { ruleOf, answerOf, vocabulary, states, kinds } = program;
  let memories = program.memories.map((kind) => new EMPTY[kind]());
  let state = 0;
  run.problem = null; // why it ended early
  run.done = false;

  function edit(step) {
    for (const { memory, place, removes, puts } of editsAt.get(step) ?? []) {
      if (place + (removes ? 1 : 0) > memories[memory].size) continue;
      const elements = puts === null ? [] : [{ kind: puts, step, edited: true }];
      memories = memories.with(memory, memories[memory].splice(place, removes ? 1 : 0, elements));
    }
  }

  function given(step) {
    if (step <= prompt.length) return prompt[step - 1];
    const last = run.answers[step - 1];
    if (end === null || last === end) return null;
    if (step - first > longest) throw new Error(`The program did not end its answer within ${longest} symbols.`);
    return last;
  }

  function act(step, token) {
    const shown = memories.map((memory) => memory.shown);
    const rule = ruleOf[state][token](shown);
    if (rule === undefined) {
      const names = shown.map((kind, memory) => (kind === NOTHING ? "nothing" : kinds[memory][kind]));
      const onTop = names.length > 0 ? `, with ${names.join(" and ")} on top` : "";
      const where = `${vocabulary[token]} in the state ${states[state]}${onTop}`;
      throw new Error(`There is no rule for ${where}: the task never asks for one.`);
    }
    const [next, pops, pushes] = rule.outcome;
    memories = memories.map((memory, number) => {
      const rest = pops[number] ? memory.pop() : memory;
      return pushes[number] === null ? rest : rest.push({ kind: pushes[number], step });
    });
    run.rules.push([state, token, rule.number]);
    state = next;
  }

  function finish(step, token) {
    edit(step);
    const answer = answerOf[state](memories.map((memory) => memory.shown))?.outcome ?? null;
    run.held.push(memories);
    if (step === 0) return;
    run.tokens.push(token);
    run.states.push(state);
    run.answers.push(answer);
    if (answer === null && step >= first) throw new Error("The program has no answer here: the task asks for none.");
  }

  function advance(steps) {
    try {
      for (let left = steps; left > 0 && !run.done; left--) {
        const step = run.held.length;
        const token = step === 0 ? null : given(step);
        run.done = step > 0 && (token === null || token === undefined);
        if (run.done) break;
        if (step > 0) act(step, token);
        finish(step, token);
      }
    } catch (error) {
      run.problem = error.message;
      run.done = true;
    }
    return run.done;
  }

  // The symbols answered up to a step, without the mark that ends an answer.
  run.answerUpTo = (step) => run.answers.slice(first, step + 1).filter((token) => token !== null && token !== end);
  run.advance = advance;
  return run;
}
