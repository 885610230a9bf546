// One text after the other: recorded, heard, kept. The server trims it, makes it even and says what is wrong with it.
const TEXTS = {
  en: {
    title: "Recording prompts", microphone: "Microphone", record: "Record", stop: "Stop", play: "Play", keep: "Keep",
    before: "Back", next: "Next",
    keys: "Space: record and stop. P: play. Enter: keep and go on. Arrows: back and next.",
    place: (at, of, kept) => `${at} of ${of}, ${kept} kept`,
    kept: (seconds) => `Kept: ${seconds} s. Callers hear it from now on.`,
    refused: (why) => `Not kept: ${why}`,
    noMicrophone: (why) => `The microphone cannot be used: ${why}. Open the page as localhost or 127.0.0.1, and allow it.`,
    gone: "The command does not answer any more. Is it still running?",
  },
  zh: {
    title: "录制提示音", microphone: "麦克风", record: "录音", stop: "停止", play: "播放", keep: "保存",
    before: "上一条", next: "下一条",
    keys: "空格：开始/停止录音。P：播放。回车：保存并继续。方向键：上一条/下一条。",
    place: (at, of, kept) => `第 ${at} 条，共 ${of} 条，已保存 ${kept} 条`,
    kept: (seconds) => `已保存：${seconds} 秒。来电者现在即可听到。`,
    refused: (why) => `未保存：${why}`,
    noMicrophone: (why) => `无法使用麦克风：${why}。请以 localhost 或 127.0.0.1 打开本页，并允许使用麦克风。`,
    gone: "命令没有响应，它还在运行吗？",
  },
};
const language = navigator.language.startsWith("zh") ? "zh" : "en";
const say = TEXTS[language];
const at = (id) => document.getElementById(id);
document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
for (const element of document.querySelectorAll("[data-text]")) element.textContent = say[element.dataset.text];
document.title = say.title;

let prompts = [];
let place = 0;
let context = null;
let source = null;
let blocks = null; // while recording
let sound = null; // Blob of what was recorded last

function show() {
  const prompt = prompts[place];
  at("name").textContent = `${prompt.language}/${prompt.id}`;
  at("words").textContent = prompt.text;
  at("words").lang = prompt.language;
  at("place").textContent = say.place(place + 1, prompts.length, prompts.filter((each) => each.kept).length);
  at("told").textContent = "";
  sound = null;
  buttons();
}

function buttons() {
  const recording = blocks !== null;
  at("record").textContent = recording ? say.stop : say.record;
  at("record").setAttribute("aria-pressed", String(recording));
  at("play").disabled = recording || !(sound || prompts[place].kept);
  at("keep").disabled = recording || !sound;
  at("before").disabled = recording || place === 0;
  at("next").disabled = recording || place === prompts.length - 1;
}

async function listen() {
  const device = at("microphone").value;
  const wanted = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
  if (device) wanted.deviceId = { exact: device };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
  if (context === null) {
    context = new AudioContext();
    await context.audioWorklet.addModule("worklet.js");
  }
  await context.resume();
  if (source) source.mediaStream.getTracks().forEach((track) => track.stop());
  source?.disconnect();
  source = context.createMediaStreamSource(stream);
  const tap = new AudioWorkletNode(context, "tap");
  tap.port.onmessage = ({ data }) => {
    at("level").value = Math.sqrt(Math.max(...data.map((sample) => Math.abs(sample))));
    if (blocks) blocks.push(data);
  };
  source.connect(tap);
  await devices();
}

async function devices() {
  const chosen = at("microphone").value;
  const found = (await navigator.mediaDevices.enumerateDevices()).filter((each) => each.kind === "audioinput");
  at("microphone").replaceChildren(...found.map((each) => new Option(each.label || each.deviceId, each.deviceId)));
  if (found.some((each) => each.deviceId === chosen)) at("microphone").value = chosen;
}

async function record() {
  if (blocks !== null) {
    sound = wav(blocks, context.sampleRate);
    blocks = null;
    buttons();
    return;
  }
  try {
    if (source === null) await listen();
  } catch (error) {
    at("told").textContent = say.noMicrophone(error.message);
    return;
  }
  at("told").textContent = "";
  blocks = [];
  buttons();
}

function wav(parts, rate) {
  const count = parts.reduce((sum, part) => sum + part.length, 0);
  const view = new DataView(new ArrayBuffer(44 + 2 * count));
  const text = (offset, letters) => [...letters].forEach((letter, n) => view.setUint8(offset + n, letter.charCodeAt(0)));
  text(0, "RIFF"); view.setUint32(4, 36 + 2 * count, true); text(8, "WAVEfmt ");
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
  view.setUint32(24, rate, true); view.setUint32(28, 2 * rate, true); view.setUint16(32, 2, true);
  view.setUint16(34, 16, true); text(36, "data"); view.setUint32(40, 2 * count, true);
  let offset = 44;
  for (const part of parts) {
    for (const sample of part) {
      view.setInt16(offset, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true);
      offset += 2;
    }
  }
  return new Blob([view.buffer], { type: "audio/wav" });
}

function play() {
  const player = new Audio(sound ? URL.createObjectURL(sound) : `sound/${place}?${Date.now()}`);
  player.play();
}

async function keep() {
  let answer;
  try {
    answer = await (await fetch(`keep/${place}`, { method: "POST", body: sound })).json();
  } catch {
    at("told").textContent = say.gone;
    return;
  }
  if (answer.fault) {
    at("told").textContent = say.refused(answer.fault);
    return;
  }
  prompts[place].kept = true;
  const told = say.kept(answer.seconds);
  if (place < prompts.length - 1) place += 1;
  show();
  at("told").textContent = told;
}

function go(by) {
  if (prompts[place + by]) { place += by; show(); }
}

at("record").onclick = record;
at("play").onclick = play;
at("keep").onclick = keep;
at("before").onclick = () => go(-1);
at("next").onclick = () => go(1);
at("microphone").onchange = () => listen().catch((error) => { at("told").textContent = say.noMicrophone(error.message); });
document.addEventListener("keydown", (event) => {
  if (event.target.tagName === "SELECT") return;
  const button = { " ": "record", p: "play", Enter: "keep", ArrowLeft: "before", ArrowRight: "next" }[event.key];
  if (button) {
    event.preventDefault();
    if (!at(button).disabled) at(button).click();
  }
});
prompts = await (await fetch("prompts")).json();
show();
if (navigator.mediaDevices) devices();
else at("told").textContent = say.noMicrophone("no secure context");
