// Pages of the flows: stepping through the changes, and the editor's line numbers with the faults at their lines.
(function () {
  "use strict";
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));

  // --- next and previous change
  let at = -1;
  document.addEventListener("click", (event) => {
    const step = event.target.closest("[data-step-change]");
    if (!step) return;
    const hunks = all("[data-hunk]");
    if (!hunks.length) return;
    const focused = hunks.indexOf(document.activeElement);
    if (focused >= 0) at = focused;
    at = Math.min(hunks.length - 1, Math.max(0, at + Number(step.dataset.stepChange)));
    hunks[at].focus({ preventScroll: true });
    hunks[at].scrollIntoView({ block: "center" });
  });

  // --- the editor
  function begin(editor) {
    const gutter = editor.querySelector(".editor-gutter"), field = editor.querySelector("textarea");
    const faulty = new Set(editor.dataset.faults.split(" ").filter(Boolean).map(Number));
    let shown = 0;
    function number() {
      const count = field.value.split("\n").length;
      if (count === shown) return;
      shown = count;
      gutter.replaceChildren(...Array.from({ length: count }, (_, index) => {
        const line = document.createElement("span");
        line.textContent = String(index + 1);
        if (faulty.has(index + 1)) line.classList.add("has-fault");
        return line;
      }));
    }
    function follow() { gutter.scrollTop = field.scrollTop; }
    function go(line) {
      const lines = field.value.split("\n");
      const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
      field.focus();
      field.setSelectionRange(start, start + (lines[line - 1] || "").length);
      field.scrollTop = Math.max(0, (line - 8) * (field.scrollHeight / lines.length));
      follow();
    }
    field.addEventListener("input", number);
    field.addEventListener("scroll", follow);
    field.addEventListener("keydown", (event) => { // two spaces; Escape leaves the field, so that Tab moves on again
      if (event.key !== "Tab" || event.shiftKey || event.ctrlKey || event.altKey || !field.dataset.typed) return;
      event.preventDefault();
      field.setRangeText("  ", field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    field.addEventListener("input", () => { field.dataset.typed = "yes"; });
    field.addEventListener("blur", () => { delete field.dataset.typed; });
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-line]");
      if (link) { event.preventDefault(); go(Number(link.dataset.line)); }
    });
    number();
    const asked = /^#line-(\d+)$/.exec(location.hash);
    if (asked) go(Number(asked[1]));
    // What was typed and not saved is not lost by a click on a link.
    const before = field.value;
    let sending = false;
    field.form.addEventListener("submit", () => { sending = true; });
    window.addEventListener("beforeunload", (event) => { if (!sending && field.value !== before) event.preventDefault(); });
  }
  document.addEventListener("DOMContentLoaded", () => all("[data-editor]").forEach(begin));
})();
