// What an agent sees of the phone, in its window and in the bar of every page: the same markup, the same presses.
//
// Elements say what they show by data-a, when they are there by data-if ("call !held": all of these), and what a press
// does by data-do. Words come from the page (#agent-texts), never from here.

const DOUBLE_CLICK_MS = 700; // "Hang up" comes to lie where "Answer" was
const clock = (ms) => {
  const seconds = Math.max(0, Math.floor(ms / 1000)), minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60);
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${hours}:${two(minutes % 60)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
};

export class View {
  // send(command); alone: this is the phone's own window, not the bar of a page
  constructor(root, { send, alone = false }) {
    this.root = root;
    this.send = send;
    this.alone = alone;
    this.words = document.getElementById("agent-texts");
    this.subjects = JSON.parse(this.words.dataset.subjects);
    this.state = null;
    this.told = "";
    this.joinedAt = 0;
    this.card = null;
    root.addEventListener("click", (event) => this.pressed(event));
    root.addEventListener("submit", (event) => this.submitted(event));
    root.addEventListener("change", (event) => this.changed(event));
    root.addEventListener("toggle", (event) => this.toggled(event), true);
    document.addEventListener("click", (event) => this.joinPressed(event));
    setInterval(() => this.tick(), 1000);
  }

  text(key, values = {}) {
    const words = this.words.getAttribute(`data-t-${key}`) || "";
    return words.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");
  }

  all(selector) { return this.root.querySelectorAll(selector); }
  put(name, words) { for (const one of this.all(`[data-a="${name}"]`)) if (one.textContent !== words) one.textContent = words; }

  number(number) { return (number || "").replace(/^\+86(1\d\d)(\d{4})(\d{4})$/, "+86 $1 $2 $3"); }
  subject(text) { return this.subjects[text] || text || this.text("no-subject"); }
  line(call) { return [this.number(call.from), call.subject && this.subject(call.subject)].filter(Boolean).join(" · "); }
  language(tag) {
    try { return new Intl.DisplayNames([document.documentElement.lang], { type: "language" }).of(tag.split("-")[0]); } catch { return tag; }
  }

  // --- showing

  flags(state) {
    const { phase, call } = state, shift = ["starting", "on", "returning"].includes(phase), on = phase === "on";
    const deaf = state.by === "browser" && state.microphone !== "ok";
    return {
      off: !shift, shift, on, status: !on || Boolean(call), starting: phase === "starting", returning: phase === "returning",
      over: ["taken-over", "signed-out", "refused"].includes(phase),
      ready: state.line === "ready", wantsready: state.wants === "ready",
      call: Boolean(call), talk: Boolean(call) && call.mode === "talk", watch: Boolean(call) && call.mode !== "talk",
      muted: Boolean(call && call.muted), held: Boolean(call && call.held), ringing: Boolean(state.ringing),
      recorded: Boolean(call && call.recorded), paused: Boolean(call && call.paused), waiting: state.waiting.length > 0, deaf: shift && deaf && state.microphone !== "off", browser: state.by === "browser",
      silent: shift && state.silent, notice: Boolean(state.notice), captions: state.captions.length > 0,
      transfer: Boolean(state.transfer), pressed: state.pressed !== "", desk: state.telephone === "ringing", mayanswer: on && !call && !deaf && state.telephone !== "ringing",
      ...Object.fromEntries(["refused", "none", "busy", "insecure"].map((why) => [`mic-${why}`, state.microphone === why])),
    };
  }

  show(state) {
    const before = this.state, had = document.activeElement;
    this.state = state;
    if (state.call && !(before && before.call && before.call.call === state.call.call)) this.joinedAt = Date.now();
    const flags = this.flags(state), { call } = state;
    Object.assign(this.root.dataset, {
      phase: state.phase, line: state.line, mode: call ? call.mode : "", held: flags.held, muted: flags.muted, paused: flags.paused, ringing: flags.ringing,
    });
    for (const one of this.all("[data-if]")) {
      const hidden = !one.dataset.if.split(" ").every((name) => (name[0] === "!" ? !flags[name.slice(1)] : flags[name]));
      if (one.hidden !== hidden) one.hidden = hidden;
    }
    this.put("state", this.stateWords(state));
    this.put("why", this.text(`phase-${state.phase}`));
    this.put("notice", this.noticeWords(state.notice));
    this.put("pressed", state.pressed);
    this.put("count", String(state.waiting.length));
    this.put("waiting-words", this.text("waiting-title", { count: state.waiting.length }));
    this.put("at-work", this.text("at-work", { count: state.atWork }));
    this.showReady(flags);
    this.showCall(state);
    for (const one of this.all("[data-do=mute], [data-do=hold], [data-do=pause], [data-do=leave], [data-do=mode], [data-do=key], [data-do=colleague]")) {
      if (one.dataset.line === undefined || one.dataset.line === "ready") one.disabled = !flags.on;
    }
    for (const one of document.querySelectorAll("[data-agent-join]")) {
      const mine = call && call.mode !== "talk" && call.call === one.dataset.agentJoin;
      one.setAttribute("aria-pressed", String(Boolean(mine) && call.mode === one.dataset.mode));
      one.disabled = flags.talk;
    }
    this.showWaiting(state.waiting, flags);
    if (state.ringing) {
      this.put("ringing-from", this.line(state.ringing));
      this.put("ringing-by", this.text("ringing-by", { name: state.ringing.name || state.ringing.by || "" }));
    }
    if (state.transfer) this.put("transfer", this.transferWords(state.transfer));
    this.showCaptions(state.captions);
    this.announce(before, state);
    this.tick();
    this.keepFocus(had);
  }

  stateWords({ phase, line, call }) {
    if (phase !== "on") return this.text(`state-${phase}`);
    if (call && call.mode !== "talk") return this.text(`state-${call.mode}`);
    if (call) return this.text(`state-${call.held ? "held" : call.muted ? "muted" : call.paused ? "paused" : "talking"}`);
    return this.text(`state-${line}`);
  }

  transferWords({ to, name, state }) {
    const [, colleague] = to.split("agent:");
    const words = colleague && state === "ringing" ? "transfer-ringing-colleague" : `transfer-${state}`;
    return this.text(words, { to: name || colleague || this.number(to) });
  }

  noticeWords(notice) {
    if (!notice) return "";
    const { key, values } = notice;
    if (key === "left") return this.text(`left-${values.reason.replaceAll(" ", "-")}`) || this.text("left-other");
    if (key === "error") return this.text(`error-${values.code}`) || this.text("error-other", values);
    return this.text(key, values);
  }

  showReady(flags) {
    for (const one of this.all("[data-do=ready], [data-do=away]")) {
      const on = (one.dataset.do === "ready") === flags.wantsready;
      if (one.hasAttribute("aria-pressed")) one.setAttribute("aria-pressed", String(on));
      if (one.dataset.do === "ready") one.disabled = flags.deaf;
    }
    for (const one of this.all("[data-a=by]")) one.value = this.state.by;
  }

  showCall({ call, room }) {
    if (!call) { this.card = null; return; }
    this.put("peer", this.number(call.from) || this.text("no-number"));
    this.put("about", this.subject(call.subject));
    this.put("spoken", call.language ? this.language(call.language) : "");
    for (const [name, on] of [["mute", call.muted], ["hold", call.held], ["pause", call.paused]]) {
      for (const one of this.all(`[data-do=${name}]`)) {
        one.setAttribute("aria-pressed", String(Boolean(on)));
        const label = one.querySelector("[data-label]");
        if (label) label.textContent = this.text(`${on ? "un" : ""}${name}`);
        one.title = this.text(`${on ? "un" : ""}${name}`);
      }
    }
    for (const one of this.all("[data-do=mode]")) one.setAttribute("aria-pressed", String(one.dataset.mode === call.mode));
    for (const one of this.all("a[data-a=call-page]")) one.href = one.dataset.href.replace("CALL", encodeURIComponent(call.call));
    this.put("mode", call.mode === "talk" ? "" : this.text(`mode-${call.mode}`));
    const people = room ? room.people.map((one) => (one.mode === "talk" ? one.name : `${one.name} (${this.text(`short-${one.mode}`)})`)) : [];
    this.put("people", people.length > 1 ? this.text("with", { names: people.join(", ") }) : "");
    this.put("caller-state", room && room.caller !== "here" ? this.text(`caller-${room.caller}`) : "");
    if (this.card !== call.call) this.fetchCard(call.call);
  }

  async fetchCard(id) {
    this.card = id;
    const places = this.all("[data-a=caller]");
    for (const one of places) one.replaceChildren();
    if (!places.length) return;
    const answer = await fetch(this.words.dataset.callerUrl.replace("CALL", encodeURIComponent(id)), { headers: { Accept: "text/html" } }).catch(() => null);
    if (!answer || !answer.ok || this.card !== id) return;
    const html = await answer.text();
    for (const one of places) {
      one.innerHTML = html; // a piece of a page of ours; the content policy runs no script in it
      for (const link of one.querySelectorAll("a")) if (this.alone) link.target = "hotline-desk";
    }
  }

  // One row a caller, kept while the caller waits: a focused "Answer" stays focused when others come and go.
  showWaiting(calls, flags) {
    const pattern = document.getElementById("agent-waiting-row");
    for (const list of this.all("[data-a=waiting]")) {
      const rows = new Map(Array.from(list.children, (row) => [row.dataset.call, row]));
      const shown = calls.slice(0, Number(list.dataset.most) || calls.length);
      shown.forEach((call, at) => {
        const row = rows.get(call.call) || this.waitingRow(pattern, call, list);
        rows.delete(call.call);
        row.dataset.danger = call.danger ? "yes" : "no";
        row.dataset.away = call.away ? "yes" : "no";
        row.querySelector("[data-w=away]").hidden = !call.away;
        row.querySelector("[data-answer]").disabled = !flags.mayanswer || Boolean(call.away);
        if (at === 0) { // who is first has the key
          row.querySelector("[data-answer]").dataset.key = "a";
          row.querySelector("kbd").hidden = false;
        }
        if (list.children[at] !== row) list.insertBefore(row, list.children[at] || null);
      });
      for (const row of rows.values()) row.remove();
    }
  }

  waitingRow(pattern, call) {
    const row = pattern.content.firstElementChild.cloneNode(true);
    const part = (name) => row.querySelector(`[data-w=${name}]`);
    row.dataset.call = call.call;
    part("from").textContent = this.number(call.from) || this.text("no-number");
    part("subject").textContent = this.subject(call.subject);
    part("language").textContent = call.language ? this.language(call.language) : "";
    part("since").dataset.since = Date.parse(call.since);
    part("danger").hidden = !call.danger;
    part("again").hidden = !call.again;
    row.querySelector("[data-answer]").setAttribute("aria-label", this.text("answer-of", { caller: this.line(call) }));
    return row;
  }

  showCaptions(captions) {
    for (const list of this.all("[data-a=captions]")) {
      const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
      const known = this.captionsShown === captions ? null : captions;
      if (known === null && list.childElementCount === captions.length) continue;
      list.replaceChildren(...captions.map((one) => this.caption(one)));
      if (atEnd) list.scrollTop = list.scrollHeight;
    }
    this.captionsShown = captions;
  }

  caption({ who, text, language, partial, keys, private: secret }) {
    const item = document.createElement("li"), speaker = document.createElement("span"), words = document.createElement("span");
    item.className = `heard-line heard-${who}${partial ? " heard-partial" : ""}`;
    speaker.className = "heard-who";
    speaker.textContent = keys ? this.text("caller-keys") : this.text(`who-${who}`);
    if (secret) speaker.textContent += ` · ${this.text("private")}`;
    if (language) words.lang = language;
    words.textContent = text;
    item.append(speaker, words);
    return item;
  }

  tick() {
    const { state } = this;
    if (!state) return;
    if (state.call) this.put("clock", clock(Date.now() - state.call.since));
    for (const one of this.all("[data-since]")) one.textContent = clock(Date.now() - Number(one.dataset.since));
    const oldest = Math.min(...state.waiting.map((one) => Date.parse(one.since)));
    this.put("longest", Number.isFinite(oldest) ? clock(Date.now() - oldest) : "");
    this.title(state);
  }

  // What the tab is called: others than the desk's own "(3) Desk" are left as they are.
  title(state) {
    const page = document.title.replace(/^(☎ [^·]*· |\[\d+\] )/, "");
    const calls = state.phase === "on" && !state.call && state.line === "ready" ? state.waiting.length : 0;
    const sign = state.ringing ? `☎ ${this.text("ringing")} · ` : calls ? `☎ ${this.text("waiting-title", { count: calls })} · ` : "";
    if (document.title !== sign + page) document.title = sign + page;
  }

  // To a screen reader, in the window that is being used. What is said is not read out: it is being heard.
  announce(before, state) {
    if (!before || !this.told || !document.hasFocus()) { this.told = this.stateWords(state); return; }
    const news = [], now = this.stateWords(state);
    if (now !== this.told) news.push(state.call && !before.call ? `${now}: ${this.line(state.call)}` : now);
    this.told = now;
    if (state.notice && state.notice !== before.notice && state.notice.at !== (before.notice || {}).at) news.push(this.noticeWords(state.notice));
    const known = new Set(before.waiting.map((one) => one.call));
    if (!state.call) for (const one of state.waiting) if (!known.has(one.call)) news.push(this.text("waits", { caller: this.line(one) }));
    if (state.telephone === "ringing" && before.telephone !== "ringing") news.push(this.text("telephone-ringing"));
    if (state.transfer && (before.transfer || {}).state !== state.transfer.state) news.push(this.transferWords(state.transfer));
    if (news.length) document.getElementById("agent-said").textContent = news.join(". ");
    if (state.ringing && !before.ringing) document.getElementById("agent-said-now").textContent = `${this.text("ringing")}: ${this.line(state.ringing)}`;
  }

  // A button that was pressed and is gone leaves the focus nowhere; it goes to what has come in its place.
  keepFocus(had) {
    if (!had || had === document.body || !this.root.contains(had) && had.isConnected) return;
    if (had.isConnected && had.getClientRects().length) return;
    if (document.activeElement !== document.body && document.activeElement !== had) return;
    const next = Array.from(this.all("[data-focus]")).find((one) => one.getClientRects().length && !one.disabled);
    if (next) next.focus({ preventScroll: true });
  }

  // --- pressing

  pressed(event) {
    const button = event.target.closest("[data-do]");
    if (!button || button.disabled || !this.state) return;
    const { call } = this.state, what = button.dataset.do;
    const does = {
      answer: () => {
        const id = button.dataset.call || button.closest("[data-call]")?.dataset.call || (this.state.ringing || this.state.waiting[0] || {}).call;
        if (!id) return;
        this.answered = id;
        this.send({ event: "answer", call: id });
      },
      decline: () => this.state.ringing && this.send({ event: "decline", call: this.state.ringing.call }),
      mute: () => call && this.send({ event: "mute", on: !call.muted }),
      hold: () => call && this.send({ event: "hold", on: !call.held }),
      pause: () => call && this.send({ event: "pause_recording", on: !call.paused }),
      leave: () => { if (Date.now() - this.joinedAt > DOUBLE_CLICK_MS) this.send({ event: "leave" }); },
      mode: () => this.send({ event: "mode", mode: button.dataset.mode }),
      key: () => this.send({ event: "dtmf", dtmf: { digit: button.dataset.digit } }),
      colleague: () => this.send({ event: "transfer", to: `agent:${button.dataset.username}`, name: button.dataset.name, stay: this.stays(button) }),
    };
    for (const plain of ["ready", "away", "start", "end", "unnotice"]) does[plain] = () => this.send({ event: plain });
    if (does[what]) { event.preventDefault(); does[what](); }
  }

  submitted(event) {
    const form = event.target.closest("[data-a=transfer-form]");
    if (!form) return;
    event.preventDefault();
    event.stopPropagation();
    const to = form.querySelector("input[type=tel]").value.replace(/[\s()-]/g, "");
    if (to) this.send({ event: "transfer", to, stay: this.stays(form) });
  }

  stays(inside) {
    const box = inside.closest("details").querySelector("[data-a=stay]");
    return Boolean(box && box.checked);
  }

  changed({ target }) { if (target.dataset.a === "by") this.send({ event: "by", by: target.value }); }

  // "Listen", "whisper" and "barge" stand on the pages of calls, which know nothing of the phone.
  joinPressed(event) {
    const button = event.target.closest("[data-agent-join]");
    if (button && this.state) this.send({ event: "join", call: button.dataset.agentJoin, mode: button.dataset.mode || "listen" });
  }

  async toggled({ target }) {
    if (!target.open || !target.matches("[data-colleagues]")) return;
    const list = target.querySelector("[data-a=colleagues]");
    const answer = await fetch(this.words.dataset.colleaguesUrl, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer || !answer.ok) return;
    const { colleagues } = await answer.json();
    const pattern = document.getElementById("agent-colleague-row");
    list.replaceChildren(...colleagues.map((one) => {
      const row = pattern.content.firstElementChild.cloneNode(true), button = row.querySelector("button");
      row.querySelector("[data-w=name]").textContent = one.name;
      row.querySelector("[data-w=state]").textContent = this.text(`state-${one.state}`);
      row.dataset.line = button.dataset.line = one.state;
      Object.assign(button.dataset, { username: one.username, name: one.name });
      button.disabled = one.state !== "ready";
      if (target.dataset.colleagues !== "look") return row;
      const plain = document.createElement("span"); // to be seen, not to be pressed
      plain.className = "agent-online";
      plain.append(...button.childNodes);
      button.replaceWith(plain);
      return row;
    }));
    target.querySelector("[data-a=nobody]").hidden = colleagues.length > 0;
  }
}
