// A large picture opens where it matters: at the node that is looked at, else where the flow begins.
(function () {
  "use strict";
  const frame = document.querySelector(".graph-scroll");
  const node = frame && (frame.querySelector(".fg-picked") || frame.querySelector(".fg-first"));
  if (!node) return;
  const inside = frame.getBoundingClientRect(), box = node.getBoundingClientRect();
  frame.scrollLeft += box.left + box.width / 2 - (inside.left + inside.width / 2);
  if (node.matches(".fg-picked")) frame.scrollTop += box.top + box.height / 2 - (inside.top + inside.height / 2);
})();
