// Common parts of the pages: texts, nodes, and light or dark.

const LONG = 48; // characters of a text that need only be recognizable

const clipped = (text) => (text.length > LONG ? text.slice(0, LONG) + "…" : text);
// Control characters are written as escapes, which are visible.
const escaped = (sign) => "\\x" + sign.codePointAt(0).toString(16).padStart(2, "0");
const printable = (text) => text.replace(/\p{Cc}/gu, escaped);

const $ = (id) => document.getElementById(id);

// Strings among the children become text: nothing that is shown is ever interpreted as HTML.
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Light or dark: the system's setting, until the reader switches. What is drawn in pixels is then drawn again.
function makeTheme(drawAgain = () => {}) {
  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  systemIsDark.addEventListener("change", drawAgain);
  $("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme === undefined ? systemIsDark.matches : root.dataset.theme === "dark";
    root.dataset.theme = dark ? "light" : "dark";
    drawAgain();
  });
}
