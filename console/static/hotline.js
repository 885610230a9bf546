// What every page does: clocks that run, single keys, forms sent by Ctrl+Enter, drafts, and live updates.
// No inline script anywhere: the content policy forbids it. Texts come from the page, never from here.
(function () {
  "use strict";
  const body = document.body;
  const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));

  // --- clocks: <time data-since>, as console/waiting.py spells them
  function spell(seconds) {
    const minutes = Math.floor(seconds / 60), hours = Math.floor(seconds / 3600), days = Math.floor(seconds / 86400);
    const written = { d: days, h: days ? hours % 24 : hours, m: String(minutes % 60).padStart(2, "0") };
    if (hours) return body.dataset[days ? "days" : "hours"].replace(/\{(\w)\}/g, (_all, name) => written[name]);
    return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
  }
  function tick() {
    for (const clock of all("time[data-since]")) {
      const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(clock.dateTime)) / 1000));
      const value = clock.querySelector(".wait-value"), text = spell(seconds);
      if (value.textContent !== text) value.textContent = text;
      if (!clock.dataset.late) continue;
      const level = seconds >= +clock.dataset.late ? "late" : seconds >= +clock.dataset.soon ? "soon" : "ok";
      if (clock.dataset.level !== level) clock.dataset.level = level;
    }
  }
  setInterval(tick, 1000);

  // --- new tickets: told to a screen reader, shown for a moment, counted in the title
  const title = document.title;
  let known = null;
  function look() {
    const queue = document.getElementById("queue");
    if (!queue) return;
    const rows = all("[data-ticket]", queue);
    const fresh = known === null ? [] : rows.filter((row) => !known.has(row.dataset.ticket));
    if (queue.dataset.tab === "waiting") {
      for (const row of fresh) {
        row.classList.add("fresh");
        const line = document.createElement("p");
        line.textContent = row.dataset.announce;
        const region = document.getElementById(row.dataset.danger ? "announce-now" : "announce");
        region.replaceChildren(line);
      }
      known = new Set(rows.map((row) => row.dataset.ticket));
    }
    const waiting = Number(queue.dataset.waiting);
    document.title = waiting ? `(${waiting}) ${title}` : title;
    select(selected, false);
  }

  // --- a row of the queue is selected, by its ticket, and stays so when the list is swapped
  let selected = null;
  function select(ticket, scroll) {
    const rows = all("#queue [data-ticket]");
    if (!rows.length) return;
    let row = rows.find((one) => one.dataset.ticket === ticket);
    rows.forEach((one) => one.classList.toggle("selected", one === row));
    if (row && scroll) {
      row.scrollIntoView({ block: "nearest" });
      row.querySelector("a").focus({ preventScroll: true });
    }
    selected = row ? ticket : selected;
  }
  function step(by) {
    const rows = all("#queue [data-ticket]");
    if (!rows.length) return;
    const at = rows.findIndex((row) => row.dataset.ticket === selected);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))] || rows[0];
    select(next.dataset.ticket, true);
  }
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("#queue [data-ticket]");
    if (row) select(row.dataset.ticket, false);
  });

  // --- single keys: an element says its own by data-key. In a row, the selected row's counts.
  function writing(target) {
    return target.matches("input, textarea, select, [contenteditable]") && !target.matches("[type=checkbox], [type=radio]");
  }
  function holder(key) {
    const found = all("[data-key]").filter((one) => one.dataset.key === key && !one.disabled && one.getClientRects().length);
    const inRow = found.filter((one) => one.closest("[data-ticket]"));
    if (inRow.length) return inRow.find((one) => one.closest("[data-ticket]").dataset.ticket === selected) || inRow[0];
    return found[0] || null;
  }
  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Chinese is being typed
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
      event.preventDefault();
      event.target.form.requestSubmit();
      return;
    }
    if (event.key === "Escape" && writing(event.target)) { event.target.blur(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
    if (body.dataset.shortcuts !== "on" || document.querySelector("dialog[open]")) return;
    if (event.key === "?") { event.preventDefault(); openSheet(); return; }
    if (event.key === "j" || event.key === "k") { event.preventDefault(); step(event.key === "j" ? 1 : -1); return; }
    const found = holder(event.key);
    if (!found) return;
    event.preventDefault();
    if (found.matches("textarea, input")) { found.focus(); found.scrollIntoView({ block: "center" }); }
    else if (found.matches("audio")) { if (found.paused) found.play(); else found.pause(); found.focus(); }
    else found.click();
  });

  // --- the sheet lists the keys this page has
  const sheet = document.getElementById("shortcut-sheet");
  function openSheet() {
    const list = sheet.querySelector("[data-keys]");
    all("[data-made]", list).forEach((one) => one.remove());
    const seen = new Set();
    const lines = all("[data-key][data-key-label]").map((one) => [one.dataset.key, one.dataset.keyLabel]);
    const queue = document.getElementById("queue");
    if (queue) lines.unshift(["j / k", queue.dataset.stepLabel]);
    for (const [key, label] of lines) {
      if (seen.has(key)) continue;
      seen.add(key);
      const line = document.createElement("div"), term = document.createElement("dt");
      const sign = document.createElement("kbd"), words = document.createElement("dd");
      line.dataset.made = "";
      sign.textContent = key;
      words.textContent = label;
      term.append(sign);
      line.append(term, words);
      list.append(line);
    }
    sheet.showModal();
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-shortcut-sheet]")) openSheet();
    if (event.target.closest("[data-close-sheet]")) sheet.close();
    const phrase = event.target.closest("[data-phrase]");
    if (phrase) {
      const field = document.getElementById(phrase.dataset.phrase);
      const before = field.value.trim();
      field.value = before ? `${before} ${phrase.textContent.trim()}` : phrase.textContent.trim();
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
    }
  });

  // --- a form is sent once; a field says how much room is left, and whether it is in the right language
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));
  document.addEventListener("input", (event) => {
    const field = event.target;
    const left = field.dataset && field.dataset.counter && document.getElementById(field.dataset.counter);
    if (left) left.textContent = `${field.value.trim().length} / ${field.dataset.longest}`;
  });

  // --- a panel that is swapped keeps what is being written in it: the draft on the server may be half a second older
  let written = [];
  function keepWritten(event) {
    // Nor is a recording cut off while it is heard: the panel is fetched again when it has stopped.
    if (all("audio", event.detail.target).some((sound) => !sound.paused)) event.detail.shouldSwap = false;
    written = event.detail.shouldSwap ? all("textarea[id]", event.detail.target).map((field) => [field.id, field.value]) : [];
  }
  function restoreWritten() {
    for (const [id, value] of written.splice(0)) {
      const field = document.getElementById(id);
      if (field) field.value = value;
    }
  }
  // What was written while a page or a panel came in, before anything listened to its fields, has no draft yet.
  function keepUnsaved({ target }) {
    for (const field of all("textarea[hx-post]", target)) {
      if (field.value !== field.defaultValue) field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  function saidFailed(event) {
    const told = event.detail.target && event.detail.target.dataset.failed;
    if (told) event.detail.target.textContent = told;
  }

  // --- live updates. A change anywhere is the event hotline:changed; panels fetch themselves again and swap if they differ.
  const light = document.getElementById("live");
  const POLL_MS = 10000, FIRST_WAIT_MS = 1000, LONGEST_WAIT_MS = 30000;
  let wait = FIRST_WAIT_MS, polling = null, pending = null;
  function changed() {
    if (pending) return; // a burst of changes is one
    pending = setTimeout(tell, 150);
  }
  function tell() {
    // A panel that is being fetched is replaced when its answer comes, and would take this change with it into nothing.
    if (document.querySelector("[data-live].htmx-request")) { pending = setTimeout(tell, 100); return; }
    pending = null;
    window.htmx.trigger(body, "hotline:changed");
  }
  function show(state) {
    light.dataset.state = state;
    const words = light.querySelector(".live");
    words.querySelector(".live-text").textContent = state === "on" ? words.dataset.textOn : words.dataset.textPolling;
    words.title = state === "on" ? words.dataset.titleOn : words.dataset.titlePolling;
    if (state === "on") { clearInterval(polling); polling = null; }
    else if (!polling) polling = setInterval(() => { if (!document.hidden) changed(); }, POLL_MS);
  }
  async function connect() {
    let socket;
    try {
      const answer = await fetch(body.dataset.liveToken, { headers: { Accept: "application/json" } });
      if (answer.status === 401) { location.reload(); return; }
      if (!answer.ok) throw new Error(`no token: ${answer.status}`);
      socket = new WebSocket((await answer.json()).url);
    } catch (error) {
      again();
      return;
    }
    socket.addEventListener("open", () => { wait = FIRST_WAIT_MS; show("on"); changed(); }); // what was missed meanwhile
    socket.addEventListener("message", changed);
    socket.addEventListener("close", again);
  }
  function again() {
    show("polling");
    setTimeout(connect, wait * (0.75 + Math.random() / 2));
    wait = Math.min(LONGEST_WAIT_MS, wait * 2);
  }
  for (const stopped of ["pause", "ended"]) document.addEventListener(stopped, changed, true);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && polling) changed(); });

  document.addEventListener("DOMContentLoaded", () => {
    look();
    body.addEventListener("htmx:beforeSwap", keepWritten);
    body.addEventListener("htmx:afterSwap", restoreWritten);
    body.addEventListener("htmx:load", keepUnsaved);
    body.addEventListener("htmx:afterSettle", look);
    body.addEventListener("htmx:responseError", saidFailed);
    body.addEventListener("htmx:sendError", saidFailed);
    if (light && body.dataset.liveToken && document.querySelector("[data-live]")) {
      light.hidden = false;
      connect();
    }
  });
})();
