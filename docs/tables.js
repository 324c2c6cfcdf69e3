// The theme lets wide tables scroll; with this, they scroll by the keyboard too.
const focusable = () => {
  for (const wrap of document.querySelectorAll(".md-typeset__scrollwrap")) wrap.tabIndex = 0;
};
new MutationObserver(focusable).observe(document.body, { childList: true, subtree: true });
focusable();
