// The bar of every page: shows what the agent's phone does in its own window, and passes presses on to it.

import { DESK, POP_UP, PageEnd, WINDOW } from "./agent-link.js";
import { View } from "./agent-view.js";

const bar = document.getElementById("agent-bar");
const OFF = {
  phase: "off", wants: "away", by: "browser", line: "away", microphone: "off", silent: false, atWork: 0, waiting: [],
  ringing: null, call: null, room: null, captions: [], transfer: null, notice: null, pressed: "", telephone: "idle",
};
const idle = (state) => !state || ["off", "taken-over", "signed-out", "refused"].includes(state.phase);

const link = new PageEnd(bar.dataset.user, { state: shown });
const view = new View(bar, { send });
view.state = OFF; // until a phone is heard of
let state = null;
const asked = new Promise((done) => setTimeout(done, 300));

function shown(its) {
  const taken = view.answered;
  state = its;
  view.show(its || OFF);
  // Who takes a call here sees whose it is here; half a sentence in a form is not left behind for it.
  if (taken && its && its.call && its.call.call === taken) {
    view.answered = null;
    if (!writing()) location.assign(bar.dataset.callUrl.replace("CALL", encodeURIComponent(taken)));
  }
}

function writing() {
  const fields = document.querySelectorAll("main textarea, main input[type=text]");
  return Array.from(fields).some((field) => field.value !== field.defaultValue || field === document.activeElement);
}

// A supervisor may press "Listen" before any phone is open: that opens it. Whether one is open is known a moment after
// the page has come.
async function send(command) {
  if (command.event === "join" && !state) await asked;
  if (command.event === "join" && !state) open(`#join=${encodeURIComponent(command.call)}&mode=${command.mode}`);
  else link.send(command);
}

// The window that is open already comes to the front as it is: to load it again would cut off a call.
function open(wish = "") {
  window.name = DESK;
  const phone = window.open("", WINDOW, POP_UP);
  if (!phone) { location.assign(bar.dataset.phoneUrl + wish); return; } // pop-ups are blocked: then in this tab
  let fresh = true;
  try { fresh = phone.location.href === "about:blank"; } catch { /* it shows a page of somebody else's by now */ }
  // A page may raise only a window that it has opened itself; of another page's phone it has the controls.
  if (fresh && state && !idle(state)) { phone.close(); unfold(true); return; }
  if (fresh) phone.location.href = bar.dataset.phoneUrl + wish;
  phone.focus();
}

bar.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open-phone]");
  if (opener) { event.preventDefault(); open("#start"); }
  const more = event.target.closest("[data-more]");
  if (more) unfold(more.getAttribute("aria-expanded") !== "true");
});

const panel = document.getElementById("agent-panel"), more = bar.querySelector("[data-more]");
function unfold(open) {
  more.setAttribute("aria-expanded", String(open));
  panel.hidden = !open;
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || panel.hidden || !panel.contains(document.activeElement)) return;
  unfold(false);
  more.focus();
});
document.addEventListener("pointerdown", (event) => { if (!panel.hidden && !bar.contains(event.target)) unfold(false); });

// Who signs out ends the shift: the phone would go on under the name of somebody who has left.
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-sign-out]")) link.send({ event: "end" });
});

asked.then(() => { if (!state) view.show(OFF); });
