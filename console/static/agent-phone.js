// The agent's phone itself, in its own window: what it is doing, what is pressed, what it tells the pages.

import { AgentLine } from "./agent-line.js";
import { DESK, PageEnd, PhoneEnd } from "./agent-link.js";
import { AgentSound } from "./agent-sound.js";
import { View } from "./agent-view.js";

const root = document.getElementById("agent-phone");
const by = (id) => document.getElementById(id);
const ON_SHIFT = "hotline.agent.shift"; // this window was at work: a reload goes on with it
const TALKED = "hotline.agent.call"; // ... and to the call it had: {call, since}
const SHORT_NEWS = new Set(["left", "moved", "not-connected"]), NEWS_MS = 15000;
const MOST_CAPTIONS = 80, CHIME_EVERY_MS = 5000, CHIMES = 4;

const fresh = () => ({
  phase: "off", wants: "away", by: root.dataset.by, line: "away", microphone: "off", silent: false,
  atWork: 0, waiting: [], ringing: null, call: null, room: null, captions: [], transfer: null, notice: null, pressed: "",
  telephone: "idle", // the one on the desk, when calls come to it
});
let state = fresh(), line = null, checking = 0, chimes = 0, chiming = null;

const sound = new AgentSound(root.dataset.worklet, {
  frame: (bytes) => { if (speaks()) line.frame(bytes); },
  level: (way, value) => { if (way === "in") meter.loudest = Math.max(meter.loudest, value); },
  microphone: (got) => {
    change({ microphone: got });
    if (got !== "ok" && state.by === "browser" && !state.call && state.wants === "ready") wish({ event: "away" });
  },
  devices: showDevices,
  moved: (label) => tell("moved", { device: label }),
});
const link = new PhoneEnd(root.dataset.user, { wish });
const view = new View(root, { send: wish, alone: true });

function speaks() {
  return line && state.call && state.call.mode !== "listen" && !state.call.muted && state.telephone !== "answered";
}

function change(what) {
  state = { ...state, ...what };
  link.show(state);
  view.show(state);
  ring();
}

// A line of news for the agent; the words are the page's. `values` fill its {gaps}; `text` stands as it came.
function tell(key, values = {}) {
  const notice = { key, values, at: Date.now() };
  change({ notice });
  if (SHORT_NEWS.has(key)) setTimeout(() => { if (state.notice === notice) change({ notice: null }); }, NEWS_MS);
}

// --- the shift

async function start() {
  if (line || state.phase === "starting") return;
  other.close();
  by("agent-elsewhere").hidden = true;
  change({ phase: "starting", notice: null });
  remember();
  await sound.unlock();
  if (state.by === "browser") await sound.listen();
  if (!sound.unlocked) await sound.unlock(); // who has given a page the microphone need not press it to hear it
  change({ silent: !sound.unlocked });
  await sound.speak();
  line = new AgentLine(address, {
    up: () => {
      change({ phase: "on" });
      const { call } = state;
      checking = call ? 2 : 0;
      // Whoever was cut off in a talk gets it back by being ready again; after a reload it is not known whether one was.
      const talked = call ? call.mode === "talk" : sessionStorage.getItem(TALKED) !== null;
      if (call && !talked) line.send({ event: "join", call: call.call, mode: call.mode });
      else if (talked || state.wants === "ready") line.send({ event: "ready", by: state.by });
      if (talked && state.wants === "away") line.send({ event: "away" });
    },
    message: receive,
    lost: () => {
      if (sound.player) sound.player.clear();
      change({ phase: "returning", waiting: [], ringing: null, telephone: "idle" });
    },
    over: (why) => {
      sessionStorage.removeItem(ON_SHIFT);
      rest(why);
    },
  });
  line.run();
}

// What a reload of this window goes on with.
function remember() { sessionStorage.setItem(ON_SHIFT, JSON.stringify({ wants: state.wants, by: state.by })); }

function rest(phase) {
  sessionStorage.removeItem(TALKED);
  line = null;
  sound.closeMicrophone();
  if (sound.player) sound.player.clear();
  change({ ...fresh(), by: state.by, phase });
}

function end() {
  if (!line) return;
  sessionStorage.removeItem(ON_SHIFT);
  line.stop();
  rest("off");
}

async function address() {
  const answer = await fetch(root.dataset.tokenUrl, {
    method: "POST", headers: { Accept: "application/json", "X-CSRFToken": root.dataset.csrf },
  });
  if (answer.status === 401 || answer.status === 400) throw Object.assign(new Error("signed out"), { final: "signed-out" });
  if (answer.status === 403) throw Object.assign(new Error("refused"), { final: "refused" });
  if (!answer.ok) throw new Error(`no token: ${answer.status}`);
  return (await answer.json()).url;
}

// --- what is pressed, here or in the bar of a page

function wish(command) {
  const does = {
    start, end,
    focus: () => window.focus(),
    ready: () => {
      if (state.by === "browser" && state.microphone !== "ok") { tell("need-microphone"); return; }
      change({ wants: "ready" });
      remember();
      line && line.send({ event: "ready", by: state.by });
    },
    away: () => { change({ wants: "away" }); remember(); line && line.send({ event: "away" }); },
    by: () => {
      change({ by: command.by });
      remember();
      if (line && command.by === "browser" && state.microphone === "off") sound.listen();
      if (state.wants === "ready") line && line.send({ event: "ready", by: command.by });
    },
    mute: () => { change({ call: state.call && { ...state.call, muted: command.on } }); pass(command); },
    dtmf: () => {
      if (!state.call) return;
      sound.keyTone(command.dtmf.digit);
      change({ pressed: (state.pressed + command.dtmf.digit).slice(-24) });
      pass(command);
    },
    transfer: () => {
      const { name, ...asked } = command; // what a colleague is called is for people
      change({ transfer: { to: command.to, name, state: "asked" } });
      pass(asked);
    },
    join: () => {
      const on = state.call;
      if (!line) { later = command; start(); }
      else if (!on) pass(command);
      else if (on.mode === "talk") tell("error", { code: "talking" });
      else if (on.call === command.call) pass({ event: "mode", mode: command.mode });
      else { later = command; pass({ event: "leave" }); }
    },
    unnotice: () => change({ notice: null }),
  };
  (does[command.event] || (() => pass(command)))();
}
let later = null; // what a supervisor pressed before the phone was up

function pass(command) {
  if (!line || !line.send(command)) tell("not-connected");
}

// --- what the gateway says

function receive(message) {
  const hears = {
    line: () => {
      change({ line: message.state, by: message.by || state.by });
      // After we were away it tells how the line stands, and again when we have asked for the call: one that it does
      // not name then is not ours any more.
      if (checking && state.call) {
        if (message.call === state.call.call) checking = 0;
        else if (--checking === 0) { drop(); tell("call-gone"); }
      }
      if (!state.call) joinLater();
    },
    waiting: () => change({ waiting: message.calls, atWork: message.at_work ?? state.atWork }),
    ringing: () => change({ ringing: message }),
    ring_stopped: () => {
      const mine = state.ringing && state.ringing.call === message.call;
      if (mine) change({ ringing: null });
      if (mine && message.reason === "gone") tell("ring-gone");
    },
    joined: () => {
      const known = state.call && state.call.call === message.call;
      const since = known ? state.call.since : begun(message.call);
      if (!known) { if (sound.player) sound.player.clear(); }
      const { event, ...call } = message;
      change({
        call: { ...call, since }, ringing: null, notice: known ? state.notice : null,
        ...(known ? {} : { captions: [], room: null, transfer: null, pressed: "" }),
      });
      if (call.mode === "talk") sessionStorage.setItem(TALKED, JSON.stringify({ call: call.call, since }));
    },
    room: () => change({ room: { caller: message.caller, people: message.people } }),
    left: () => {
      const left = state.call;
      if (left && left.call === message.call) drop();
      // Who has stopped listening knows it.
      if (!left || left.mode === "talk" || message.reason !== "hung up") tell("left", { reason: message.reason });
      joinLater();
    },
    media: () => sound.player && sound.play(message.media.payload),
    clear: () => sound.player && sound.player.clear(),
    telephone: () => change({ telephone: message.state }),
    key: () => caption({ who: "caller", text: message.digit, language: "", keys: true }),
    caption: () => caption(message),
    transfer: () => {
      const { to, name } = state.transfer || {};
      change({ transfer: { to: message.to, name: to === message.to ? name : undefined, state: message.state } });
    },
    error: () => {
      if (state.transfer && state.transfer.state === "asked") change({ transfer: null });
      if (checking && state.call) { checking = 0; drop(); tell("call-gone"); }
      else tell("error", { code: message.code, message: message.message });
    },
  };
  if (hears[message.event]) hears[message.event]();
}

function joinLater() {
  if (later && line.send(later)) later = null;
}

// When this call came to us: the same after a reload.
function begun(call) {
  const kept = JSON.parse(sessionStorage.getItem(TALKED) || "{}");
  return kept.call === call ? kept.since : Date.now();
}

function drop() {
  sessionStorage.removeItem(TALKED);
  if (sound.player) sound.player.clear();
  change({ call: null, room: null, transfer: null, pressed: "" });
}

function caption(said) {
  const { event, ...one } = said;
  const before = state.captions.filter((other) => !(other.partial && other.who === one.who));
  const last = before.at(-1);
  if (one.keys && last && last.keys) before.splice(-1, 1, { ...last, text: last.text + one.text });
  else before.push({ ...one, at: Date.now() });
  change({ captions: before.slice(-MOST_CAPTIONS) });
}

// --- ringing: for a colleague's call as long as it rings; for one that waits a few times, while we are ready for it

let heard = new Set();
function ring() {
  const free = state.phase === "on" && !state.call;
  if (free && state.ringing) { if (sound.ringing === null) { sound.startRinging(); notify(state.ringing); } }
  else if (sound.ringing !== null) sound.stopRinging();
  const listening = free && state.line === "ready" && state.by === "browser" && !state.ringing;
  const here = state.waiting.filter((one) => !one.away);
  const now = new Set(here.map((one) => one.call));
  const news = here.find((one) => !heard.has(one.call));
  if (listening && news) { chimes = CHIMES; chime(); notify(news); }
  else if (!listening || !now.size) { clearTimeout(chiming); chimes = 0; }
  if (listening) heard = now;
}

function chime() {
  clearTimeout(chiming);
  if (chimes-- <= 0) return;
  sound.chime();
  chiming = setTimeout(chime, CHIME_EVERY_MS);
}

function notify(call) {
  if (!("Notification" in window) || Notification.permission !== "granted" || document.hasFocus()) return;
  const shown = new Notification(view.text("notify"), { body: view.line(call), tag: call.call, silent: true });
  shown.onclick = () => { window.focus(); shown.close(); };
}

// --- devices and the level of the microphone

const meter = { box: by("agent-level"), loudest: 0 };
setInterval(() => {
  const value = meter.loudest > 0 ? Math.round(Math.max(0, Math.min(100, 100 + 30 * Math.log10(meter.loudest)))) : 0;
  meter.loudest = 0;
  meter.box.style.setProperty("--level", value / 100);
  meter.box.dataset.loud = value > 92 ? "too" : value > 35 ? "good" : "low";
  if (Math.abs(value - Number(meter.box.getAttribute("aria-valuenow"))) > 4) meter.box.setAttribute("aria-valuenow", value);
}, 100);

function showDevices({ inputs, outputs, input, output }) {
  offer(by("agent-microphone"), inputs, input);
  offer(by("agent-speaker"), outputs, output);
  by("agent-speaker-box").hidden = outputs.length === 0;
}

function offer(select, devices, chosen) {
  const standard = new Option(view.text("standard-device"), "");
  select.replaceChildren(standard, ...devices.map((one) => new Option(one.label, one.deviceId)));
  select.value = devices.some((one) => one.deviceId === chosen) ? chosen : "";
}

by("agent-microphone").addEventListener("change", ({ target }) => sound.choose("input", target.value));
by("agent-speaker").addEventListener("change", ({ target }) => sound.choose("output", target.value));
by("agent-test").addEventListener("click", async () => {
  await sound.unlock();
  await sound.speak();
  sound.testSound();
});
by("agent-retry").addEventListener("click", async () => { await sound.unlock(); await sound.listen(); });

const bell = by("agent-notifications");
function showBell() { bell.hidden = !("Notification" in window) || Notification.permission !== "default"; }
bell.addEventListener("click", async () => { await Notification.requestPermission(); showBell(); });
showBell();

// Browsers give sound to a page only after something was pressed in it. After a reload nothing has been.
async function unlock() {
  if (!line || !state.silent) return;
  await sound.unlock();
  change({ silent: !sound.unlocked });
}
for (const gesture of ["pointerdown", "keydown"]) document.addEventListener(gesture, unlock);

// The keys of the keyboard are the phone's while its keypad is unfolded.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.closest("input, select, textarea, dialog")) return;
  const open = root.querySelector("details[open] .agent-keys");
  if (!open || !open.getClientRects().length || !/^[0-9*#]$/.test(event.key)) return;
  event.preventDefault();
  wish({ event: "dtmf", dtmf: { digit: event.key } });
});

addEventListener("beforeunload", (event) => { if (state.call && state.call.mode === "talk") event.preventDefault(); });

// --- begin: unless this user's phone is open in another window already

window.name = window.name || "hotline-agent";
for (const one of root.querySelectorAll("a[target=desk]")) one.target = DESK;
const asked = new URLSearchParams(location.hash.slice(1));
if (asked.get("join")) later = { event: "join", call: asked.get("join"), mode: asked.get("mode") || "listen" };
const begin = later !== null || asked.has("start"); // by a press on another page
if (location.hash) history.replaceState(null, "", location.pathname);
const was = JSON.parse(sessionStorage.getItem(ON_SHIFT) || "null"); // before this page was loaded
change(was || {});
root.querySelector("[data-do=start]").disabled = false; // a press before this script was there would be lost
const other = new PageEnd(root.dataset.user, {
  state: (its) => { by("agent-elsewhere").hidden = !its || !["on", "returning", "starting"].includes(its.phase); },
}, { except: link.id });
setTimeout(() => {
  if (by("agent-elsewhere").hidden && (was || begin)) start();
}, 400);
