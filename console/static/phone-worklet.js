// Sound of the browser phone, in the audio thread: the microphone down to 8 kHz mu-law frames of 20 ms, and
// 8 kHz samples up to the rate of the loudspeaker, with marks that say how far has been heard.
const LINE_RATE = 8000, FRAME = 160;

function encodeMulaw(sample) {
  let value = Math.max(-32635, Math.min(32635, Math.round(sample * 32768)));
  const sign = value < 0 ? 0x80 : 0;
  value = Math.abs(value) + 132;
  let exponent = 7;
  for (let mask = 0x4000; (value & mask) === 0 && exponent > 0; mask >>= 1) exponent--;
  return ~(sign | (exponent << 4) | ((value >> (exponent + 3)) & 0x0f)) & 0xff;
}

// A Hann-windowed sinc, `cutoff` as a share of the sampling rate.
function lowPass(cutoff, half) {
  const taps = new Float32Array(2 * half + 1);
  let sum = 0;
  for (let n = -half; n <= half; n++) {
    const ideal = n === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * n) / (Math.PI * n);
    sum += taps[n + half] = ideal * (0.5 + 0.5 * Math.cos((Math.PI * n) / (half + 1)));
  }
  return taps.map((tap) => tap / sum);
}

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.step = sampleRate / LINE_RATE;
    this.taps = lowPass(3600 / sampleRate, Math.round(4 * this.step));
    this.recent = new Float32Array(this.taps.length);
    this.at = 0;
    this.next = 0;
    this.frame = new Uint8Array(FRAME);
    this.filled = 0;
    this.energy = 0;
  }

  process(inputs) {
    const input = inputs[0] && inputs[0][0];
    if (!input) return true;
    const { recent, taps } = this;
    for (let i = 0; i < input.length; i++) {
      recent[this.at] = input[i];
      this.at = (this.at + 1) % recent.length;
      this.next -= 1;
      if (this.next > 0) continue;
      this.next += this.step;
      let sample = 0;
      for (let k = 0; k < taps.length; k++) sample += taps[k] * recent[(this.at + k) % recent.length];
      this.energy += sample * sample;
      this.frame[this.filled++] = encodeMulaw(sample);
      if (this.filled === FRAME) {
        this.port.postMessage({ frame: this.frame, level: Math.sqrt(this.energy / FRAME) }, [this.frame.buffer]);
        this.frame = new Uint8Array(FRAME);
        this.filled = 0;
        this.energy = 0;
      }
    }
    return true;
  }
}

// People who talk: so much is gathered before the first word, so that one late frame makes no gap ...
const GATHERED = 0.06 * LINE_RATE;
// ... and when more than this lies there after a hold-up, the oldest of it is dropped: a talk must not lag behind for good.
const MOST_BEHIND = 0.3 * LINE_RATE, CAUGHT_UP = 0.1 * LINE_RATE;

// What is queued: Float32Arrays at 8 kHz, and names of marks between them.
class Player extends AudioWorkletProcessor {
  constructor({ processorOptions } = {}) {
    super();
    this.talk = Boolean(processorOptions && processorOptions.talk);
    this.gathering = this.talk;
    this.queue = [];
    this.offset = 0;
    this.phase = 0;
    this.window = new Float32Array(16);
    this.step = LINE_RATE / sampleRate;
    this.energy = 0;
    this.counted = 0;
    this.port.onmessage = ({ data }) => {
      if (data.clear) this.clear();
      else if (data.mark !== undefined) this.queue.push(data.mark);
      else { this.queue.push(data.samples); if (this.talk) this.keepUp(); }
    };
  }

  keepUp() {
    const waiting = () => this.queue.reduce((sum, item) => sum + (typeof item === "string" ? 0 : item.length), -this.offset);
    if (waiting() >= GATHERED) this.gathering = false;
    if (waiting() < MOST_BEHIND) return;
    while (waiting() > CAUGHT_UP) { this.queue.shift(); this.offset = 0; }
  }

  clear() {
    for (const item of this.queue) if (typeof item === "string") this.port.postMessage({ mark: item });
    this.queue = [];
    this.offset = 0;
    this.window.fill(0);
  }

  pull() {
    if (this.gathering) return 0;
    while (this.queue.length) {
      const item = this.queue[0];
      if (typeof item === "string") {
        this.port.postMessage({ mark: item });
        this.queue.shift();
      } else if (this.offset < item.length) {
        return item[this.offset++];
      } else {
        this.queue.shift();
        this.offset = 0;
      }
    }
    this.gathering = this.talk;
    return 0;
  }

  process(_, outputs) {
    const output = outputs[0][0], window = this.window, half = window.length / 2;
    for (let i = 0; i < output.length; i++) {
      this.phase += this.step;
      while (this.phase >= 1) {
        this.phase -= 1;
        window.copyWithin(0, 1);
        window[window.length - 1] = this.pull();
      }
      let sample = 0;
      for (let k = 0; k < window.length; k++) {
        const x = k - (half - 1) - this.phase;
        const sinc = Math.abs(x) < 1e-6 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
        sample += window[k] * sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / half));
      }
      output[i] = sample;
      this.energy += sample * sample;
      if (++this.counted >= sampleRate / 10) {
        this.port.postMessage({ level: Math.sqrt(this.energy / this.counted) });
        this.energy = this.counted = 0;
      }
    }
    for (let channel = 1; channel < outputs[0].length; channel++) outputs[0][channel].set(output);
    return true;
  }
}

registerProcessor("phone-capture", Capture);
registerProcessor("phone-player", Player);
