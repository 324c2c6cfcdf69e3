// Wide tables, figures and formulas scroll; with this, they scroll by the keyboard too.
const focusable = () => {
  const wide = document.querySelectorAll(
    '.md-typeset__scrollwrap, .formula, .md-typeset p:has(> math, > img[src$=".svg"]:only-child)',
  );
  for (const one of wide) if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
};
new MutationObserver(focusable).observe(document.body, { childList: true, subtree: true });
addEventListener("resize", focusable);
addEventListener("load", focusable);
