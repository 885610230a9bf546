// Ears and mouth of the browser phone: microphone, loudspeaker, key tones and the bell.

const LINE_RATE = 8000;
const ROWS = [697, 770, 852, 941], COLUMNS = [1209, 1336, 1477], KEYS = ["123", "456", "789", "*0#"];

const decoded = new Float32Array(256);
for (let code = 0; code < 256; code++) {
  const value = ~code & 0xff, exponent = (value >> 4) & 7;
  const size = ((((value & 0x0f) << 3) + 132) << exponent) - 132;
  decoded[code] = (value & 0x80 ? -size : size) / 32768;
}

export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

export function base64Of(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

// Plays without an AudioWorklet, which browsers keep from pages that are neither https nor localhost.
class ScheduledPlayer {
  constructor(context, onMark) {
    this.context = context;
    this.onMark = onMark;
    this.until = 0;
    this.playing = new Set();
    this.marks = new Map();
  }

  play(samples) {
    const buffer = this.context.createBuffer(1, samples.length, LINE_RATE);
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.context.destination);
    this.until = Math.max(this.until, this.context.currentTime + 0.03);
    source.start(this.until);
    this.until += buffer.duration;
    this.playing.add(source);
    source.addEventListener("ended", () => this.playing.delete(source));
  }

  mark(name) {
    const left = Math.max(0, this.until - this.context.currentTime);
    const timer = setTimeout(() => { this.marks.delete(name); this.onMark(name); }, left * 1000);
    this.marks.set(name, timer);
  }

  clear() {
    for (const source of this.playing) source.stop();
    this.playing.clear();
    this.until = 0;
    for (const [name, timer] of this.marks) { clearTimeout(timer); this.onMark(name); }
    this.marks.clear();
  }
}

class WorkletPlayer {
  constructor(context, onMark, onLevel, talk) {
    const processorOptions = { talk };
    this.node = new AudioWorkletNode(context, "phone-player", { numberOfInputs: 0, outputChannelCount: [1], processorOptions });
    this.node.port.onmessage = ({ data }) => { if (data.mark !== undefined) onMark(data.mark); else onLevel(data.level); };
    this.node.connect(context.destination);
  }

  play(samples) { this.node.port.postMessage({ samples }, [samples.buffer]); }
  mark(name) { this.node.port.postMessage({ mark: name }); }
  clear() { this.node.port.postMessage({ clear: true }); }
}

export class Sound {
  // onFrame(Uint8Array of 160 mu-law bytes), onMark(name), onLevel("in" or "out", 0..1). `talk`: sound comes as it is
  // spoken, and what is late is worth less than what is now.
  constructor(workletUrl, { onFrame, onMark, onLevel }, { talk = false } = {}) {
    this.talk = talk;
    this.workletUrl = workletUrl;
    this.onFrame = onFrame;
    this.onMark = onMark;
    this.onLevel = onLevel;
    this.context = null;
    this.player = null;
    this.stream = null;
    this.muted = false;
    this.ringing = null;
  }

  get unlocked() { return this.context !== null && this.context.state === "running"; }

  // Must first be called from a click or a key: browsers allow sound only then.
  async unlock() {
    if (this.context === null) {
      this.context = new AudioContext({ latencyHint: "interactive" });
      this.ready = this.prepare();
    }
    if (this.context.state !== "running") await Promise.race([this.context.resume(), new Promise((done) => setTimeout(done, 1000))]);
    await this.ready;
  }

  async prepare() {
    if (this.context.audioWorklet) {
      await this.context.audioWorklet.addModule(this.workletUrl);
      this.player = new WorkletPlayer(this.context, this.onMark, (level) => this.onLevel("out", level), this.talk);
    } else {
      this.player = new ScheduledPlayer(this.context, this.onMark);
    }
  }

  play(base64) {
    this.player.play(Float32Array.from(bytesOf(base64), (code) => decoded[code]));
  }

  // Throws what getUserMedia throws; Error("insecure") where the browser has no microphone to give.
  // Without gain control, unless it is asked for: it overshoots on the first words, and a recogniser does not understand
  // what is clipped. People do.
  async openMicrophone(deviceId, { gainControl = false } = {}) {
    this.closeMicrophone();
    if (!navigator.mediaDevices || !this.context.audioWorklet) throw new Error("insecure");
    const wanted = { echoCancellation: true, noiseSuppression: true, autoGainControl: gainControl, channelCount: 1 };
    if (deviceId) wanted.deviceId = { exact: deviceId };
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: wanted });
    this.source = this.context.createMediaStreamSource(this.stream);
    this.capture = new AudioWorkletNode(this.context, "phone-capture", { numberOfOutputs: 0 });
    this.capture.port.onmessage = ({ data }) => {
      this.onLevel("in", this.muted ? 0 : data.level);
      if (!this.muted) this.onFrame(data.frame);
    };
    this.source.connect(this.capture);
  }

  closeMicrophone() {
    if (this.stream === null) return;
    for (const track of this.stream.getTracks()) track.stop();
    this.source.disconnect();
    this.stream = null;
    this.onLevel("in", 0);
  }

  async devices() {
    if (!navigator.mediaDevices) return { inputs: [], outputs: [] };
    const all = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.deviceId && device.label);
    return {
      inputs: all.filter((device) => device.kind === "audioinput"),
      outputs: "setSinkId" in AudioContext.prototype ? all.filter((device) => device.kind === "audiooutput") : [],
    };
  }

  async useSpeaker(deviceId) {
    if (this.context && "setSinkId" in this.context) await this.context.setSinkId(deviceId);
  }

  keyTone(key) {
    const row = KEYS.findIndex((keys) => keys.includes(key));
    if (row >= 0) this.tone([ROWS[row], COLUMNS[KEYS[row].indexOf(key)]], 0.12, 0.04);
  }

  startRinging() {
    this.stopRinging();
    const ring = () => { if (this.unlocked) { this.tone([440, 480], 0.4, 0.12); this.tone([440, 480], 0.4, 0.12, 0.6); } };
    ring();
    this.ringing = setInterval(ring, 3000);
  }

  stopRinging() {
    clearInterval(this.ringing);
    this.ringing = null;
  }

  tone(pitches, seconds, loudness, inSeconds = 0) {
    if (!this.unlocked) return;
    const from = this.context.currentTime + inSeconds, gain = new GainNode(this.context, { gain: 0 });
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(loudness, from + 0.01);
    gain.gain.setValueAtTime(loudness, from + seconds - 0.02);
    gain.gain.linearRampToValueAtTime(0, from + seconds);
    gain.connect(this.context.destination);
    for (const frequency of pitches) {
      const oscillator = new OscillatorNode(this.context, { frequency });
      oscillator.connect(gain);
      oscillator.start(from);
      oscillator.stop(from + seconds);
    }
  }
}
