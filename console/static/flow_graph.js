// A large picture opens where it matters: at the node that is looked at, else where the flow begins. When its figures
// change, the picture and the tables stay where they were scrolled to.
(function () {
  "use strict";
  const frame = document.querySelector(".graph-scroll");
  if (!frame) return;
  const node = frame.querySelector(".fg-picked") || frame.querySelector(".fg-first");
  if (node) {
    const inside = frame.getBoundingClientRect(), box = node.getBoundingClientRect();
    frame.scrollLeft += box.left + box.width / 2 - (inside.left + inside.width / 2);
    if (node.matches(".fg-picked")) frame.scrollTop += box.top + box.height / 2 - (inside.top + inside.height / 2);
  }
  const scrolled = () => [frame, ...document.querySelectorAll(".graph-wide")];
  let places = new Map();
  document.body.addEventListener("htmx:beforeSwap", () => {
    places = new Map(scrolled().map((one) => [one.getAttribute("aria-labelledby"), [one.scrollTop, one.scrollLeft]]));
  });
  for (const done of ["htmx:afterSwap", "htmx:afterSettle"]) document.body.addEventListener(done, () => {
    for (const one of scrolled()) {
      const place = places.get(one.getAttribute("aria-labelledby"));
      if (place) [one.scrollTop, one.scrollLeft] = place;
    }
    if (done === "htmx:afterSettle") places.clear();
  });
})();
