// The page of the browser phone: what is shown and pressed. Texts come from the page's data attributes, never from here.

import { Call, Presence } from "./phone-line.js";
import { Sound } from "./phone-sound.js";

const root = document.getElementById("phone");
const by = (id) => document.getElementById(id);
const text = (name) => root.getAttribute(`data-t-${name}`);
const filled = (name, values) => text(name).replace(/\{(\w+)\}/g, (_, key) => values[key]);
const pageTitle = document.title;
const DOUBLE_CLICK_MS = 600; // "Hang up" lies where "Call" was
const REMEMBERED_NUMBER = "hotline.phone.number", LEFT_CALL = "hotline.phone.call";

let call = null, incoming = null, since = null, partial = null, dialledAt = 0, level = { in: 0, out: 0 };

const sound = new Sound(root.dataset.worklet, {
  onFrame: (frame) => call && call.frame(frame),
  onMark: (name) => call && call.heard(name),
  onLevel: (way, value) => { level[way] = value; },
});

// --- who is on the phone

function number() {
  const chosen = document.querySelector("input[name=number]:checked");
  return (chosen && chosen.value) || by("number").value.trim();
}

function spoken() {
  const chosen = document.querySelector("input[name=number]:checked");
  return by("language").value || (chosen && chosen.dataset.language) || document.documentElement.lang;
}

async function address() {
  const answer = await fetch(root.dataset.tokenUrl, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": root.dataset.csrf },
    body: JSON.stringify({ number: number(), language: spoken() }),
  });
  const told = await answer.json().catch(() => ({}));
  if (answer.status === 422) complain(told.error);
  else complain("");
  if (answer.status === 401) location.reload();
  if (!answer.ok) throw Object.assign(new Error(told.error || `no token: ${answer.status}`), { final: answer.status < 500 });
  return told.url;
}

function complain(words) {
  by("number-error").textContent = words;
  by("number-error").hidden = !words;
}

const presence = new Presence(() => (number() ? address() : Promise.resolve(null)), {
  registered: (as) => showPresence(true, filled("reachable", { number: as })),
  away: () => { showPresence(false, text("unreachable-presence")); if (incoming) stopRinging(); },
  incoming: ring,
  stopped: (id, reason) => {
    if (!incoming || incoming.call !== id) return;
    const from = incoming.from;
    stopRinging();
    if (call) return;
    if (reason === "answered") status("idle", text("elsewhere"));
    else if (reason === "declined") status("idle", text("declined"));
    else { status("idle", filled("missed", { number: from })); note(filled("missed", { number: from })); }
  },
});

function showPresence(on, words) {
  by("presence").dataset.on = on ? "yes" : "no";
  by("presence-text").textContent = words;
}

// --- state on the screen

function status(state, words) {
  root.dataset.state = state;
  by("state").textContent = words;
  const busy = ["calling", "talking", "returning"].includes(state);
  by("call").hidden = busy;
  by("hang-up").hidden = by("mute").hidden = !busy;
  for (const key of root.querySelectorAll(".key")) key.disabled = state !== "talking";
  by("words").disabled = by("say-button").disabled = state !== "talking";
  for (const input of by("who").querySelectorAll("input, select")) input.disabled = busy;
}

function clock() {
  by("clock").hidden = since === null;
  if (since === null) return;
  const seconds = Math.floor((Date.now() - since) / 1000);
  by("clock").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
setInterval(clock, 500);
setInterval(() => {
  const loud = Math.max(level.in, level.out);
  by("level").value = loud > 0 ? Math.max(0, Math.min(100, 100 + 30 * Math.log10(loud))) : 0;
}, 100);

function note(words) { say({ who: "notice", text: words, language: document.documentElement.lang }); }

function say({ who, text: words, language, private: secret, partial: unfinished }) {
  if (partial && (who === "caller" || !unfinished)) { partial.remove(); partial = null; }
  const line = document.createElement("li"), speaker = document.createElement("span"), said = document.createElement("span");
  line.className = `said said-${who}${unfinished ? " said-partial" : ""}`;
  speaker.className = "said-who";
  speaker.textContent = text(who === "hotline" ? "hotline" : who === "caller" ? "you" : "notice");
  if (secret) speaker.textContent += ` · ${text("private")}`;
  said.lang = language;
  said.textContent = words;
  line.append(speaker, said);
  if (unfinished) { line.setAttribute("aria-hidden", "true"); partial = line; }
  const talk = by("talk");
  talk.append(line);
  talk.scrollTop = talk.scrollHeight;
}

// --- calling

async function dial(wishes, peer) {
  if (call) return;
  if (!number()) { complain(text("number")); by("number").focus(); return; }
  stopRinging();
  by("return").hidden = true;
  by("digits").textContent = "";
  by("peer").textContent = peer;
  if (!wishes.resume) by("talk").replaceChildren();
  status("calling", text("calling"));
  dialledAt = Date.now();
  by("hang-up").focus();
  const mine = (call = new Call(address, wishes, Number(root.dataset.reconnectS) + 5, {
    up: (message) => {
      since = since || Date.now();
      keep(message.token);
      sound.player.clear();
      status("talking", text("talking"));
    },
    lost: () => status("returning", text("returning")),
    media: (payload) => sound.play(payload),
    mark: (name) => sound.player.mark(name),
    clear: () => sound.player.clear(),
    caption: say,
    trouble: ({ message }) => note(message),
    over: (reason, words) => over(reason, words),
  }));
  await sound.unlock();
  await microphone();
  if (call === mine) mine.run();
}

async function microphone() {
  try {
    await sound.openMicrophone(by("microphone").value);
    await listDevices();
  } catch (error) {
    note(text(error.message === "insecure" ? "insecure" : "no-mic"));
  }
}

function over(reason, words) {
  call = null;
  since = null;
  partial = null;
  keep(null);
  sound.closeMicrophone();
  if (sound.player) sound.player.clear();
  setMuted(false);
  by("peer").textContent = root.dataset.hotline;
  const focused = root.contains(document.activeElement);
  if (reason === "ended") status("idle", text("ended"));
  else status("failed", words || text(reason === "lost" ? "lost" : "unreachable"));
  if (focused) by("call").focus({ preventScroll: true });
}

// A page that is left during a call can return to it.
function keep(token) {
  if (token) sessionStorage.setItem(LEFT_CALL, JSON.stringify({ token, number: number(), at: Date.now() }));
  else sessionStorage.removeItem(LEFT_CALL);
}
addEventListener("pagehide", () => {
  const left = sessionStorage.getItem(LEFT_CALL);
  if (left) sessionStorage.setItem(LEFT_CALL, JSON.stringify({ ...JSON.parse(left), at: Date.now() }));
});

function offerReturn() {
  const left = JSON.parse(sessionStorage.getItem(LEFT_CALL) || "null");
  if (!left || Date.now() - left.at > Number(root.dataset.reconnectS) * 1000) return keep(null);
  by("return").hidden = false;
  by("return-button").onclick = () => dial({ resume: left.token }, root.dataset.hotline);
}

function setMuted(on) {
  sound.muted = on;
  by("mute").setAttribute("aria-pressed", String(on));
  by("mute").querySelector("span").textContent = text(on ? "unmute" : "mute");
}

function press(key) {
  if (!call || root.dataset.state !== "talking") return;
  call.key(key);
  sound.keyTone(key);
  by("digits").textContent = (by("digits").textContent + key).slice(-20);
  const button = root.querySelector(`.key[data-digit="${CSS.escape(key)}"]`);
  button.classList.add("down");
  setTimeout(() => button.classList.remove("down"), 120);
}

// --- being called

function ring(message) {
  if (call) { presence.send({ event: "reject", call: message.call }); return; }
  incoming = message;
  by("incoming-from").textContent = [message.from, text(`purpose-${message.purpose}`)].filter(Boolean).join(" · ");
  by("peer").textContent = message.from;
  status("ringing", text("ringing"));
  document.title = `☎ ${text("ringing")}`;
  by("unlock").hidden = sound.unlocked;
  by("answer").focus();
  sound.startRinging();
  if (navigator.vibrate) navigator.vibrate([400, 200, 400]);
  if ("Notification" in window && Notification.permission === "granted" && document.hidden) {
    const shown = new Notification(text("ringing"), { body: by("incoming-from").textContent, tag: message.call });
    shown.onclick = () => { window.focus(); shown.close(); };
  }
}

function stopRinging() {
  sound.stopRinging();
  if (!incoming) return;
  incoming = null;
  by("peer").textContent = root.dataset.hotline;
  document.title = pageTitle;
  if (!call) status("idle", text("idle"));
}

// --- devices

async function listDevices() {
  const { inputs, outputs } = await sound.devices();
  offer(by("microphone"), inputs);
  offer(by("speaker"), outputs);
  by("speaker-box").hidden = outputs.length === 0;
}

function offer(select, devices) {
  const chosen = select.value;
  select.replaceChildren(new Option(text("default-device"), ""), ...devices.map((one) => new Option(one.label, one.deviceId)));
  select.value = devices.some((one) => one.deviceId === chosen) ? chosen : "";
}

// --- events

by("call").addEventListener("click", () => dial({}, root.dataset.hotline));
by("hang-up").addEventListener("click", () => { if (call && Date.now() - dialledAt > DOUBLE_CLICK_MS) call.hangUp(); });
by("mute").addEventListener("click", () => setMuted(!sound.muted));
by("answer").addEventListener("click", () => incoming && dial({ answer: incoming.call }, incoming.from));
by("decline").addEventListener("click", () => incoming && presence.send({ event: "reject", call: incoming.call }));
root.querySelector(".keypad").addEventListener("click", ({ target }) => {
  const key = target.closest("[data-digit]");
  if (key) press(key.dataset.digit);
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  if (event.target.closest("input, select, textarea, dialog")) return;
  if (/^[0-9*#]$/.test(event.key)) { event.preventDefault(); press(event.key); }
});
by("say").addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  const words = by("words").value.trim();
  if (!call || !words) return;
  call.words(words);
  by("words").value = "";
});
by("microphone").addEventListener("change", () => call && microphone());
by("speaker").addEventListener("change", () => sound.useSpeaker(by("speaker").value));
by("unlock-button").addEventListener("click", async () => {
  if ("Notification" in window && Notification.permission === "default") Notification.requestPermission();
  await unlock();
});
async function unlock() {
  await sound.unlock();
  by("unlock").hidden = sound.unlocked;
}
document.addEventListener("pointerdown", () => { if (!sound.unlocked) unlock(); }, { passive: true });

by("who").addEventListener("change", ({ target }) => {
  if (target.name === "number" || target.id === "number") {
    if (target.id === "number") document.querySelector('input[name=number][value=""]').checked = true;
    localStorage.setItem(REMEMBERED_NUMBER, JSON.stringify({ number: number(), typed: by("number").value }));
  }
  presence.restart();
});

// --- begin

const remembered = JSON.parse(localStorage.getItem(REMEMBERED_NUMBER) || "null");
if (remembered) {
  by("number").value = remembered.typed || "";
  const known = document.querySelector(`input[name=number][value="${CSS.escape(remembered.number)}"]`);
  (known || (remembered.typed && document.querySelector('input[name=number][value=""]')) || document.querySelector("input[name=number]")).checked = true;
}
by("unlock").hidden = false;
status("idle", text("idle"));
offerReturn();
listDevices();
presence.restart();
