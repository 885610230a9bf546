// Ears and mouth of an agent: the sound of phone-sound.js, with devices that are remembered and may be unplugged.

import { Sound } from "./phone-sound.js";

const REMEMBERED = "hotline.agent.devices";
const CHIME = [[660, 0], [880, 0.16]];

// Why there is no microphone: "refused", "none", "busy", "insecure"
export function whyNot(error) {
  if (error.message === "insecure") return "insecure";
  if (error.name === "NotAllowedError" || error.name === "SecurityError") return "refused";
  if (error.name === "NotFoundError" || error.name === "OverconstrainedError") return "none";
  return "busy";
}

export class AgentSound extends Sound {
  // on: frame(bytes), level(way, value), microphone(state), devices({inputs, outputs, input, output}), moved(label)
  constructor(workletUrl, on) {
    super(workletUrl, { onFrame: on.frame, onMark: () => {}, onLevel: on.level }, { talk: true });
    this.on = on;
    this.wanted = { input: "", output: "", ...JSON.parse(localStorage.getItem(REMEMBERED) || "{}") };
    this.using = "";
    this.opening = null;
    if (!navigator.mediaDevices) return;
    navigator.mediaDevices.addEventListener("devicechange", () => this.devicesChanged());
    if (navigator.permissions && navigator.permissions.query) this.watchPermission();
  }

  async watchPermission() {
    try {
      const permission = await navigator.permissions.query({ name: "microphone" });
      permission.onchange = () => { if (this.context) this.listen(); };
    } catch { /* a browser that does not know this permission: the button "Try again" is there */ }
  }

  // Opens the microphone that was chosen, or the standard one where that is not plugged in. One at a time.
  listen() {
    this.opening = (this.opening || Promise.resolve()).then(() => this.open());
    return this.opening;
  }

  async open() {
    const before = this.using;
    try {
      const { inputs } = await this.devices();
      const there = inputs.some((device) => device.deviceId === this.wanted.input);
      try {
        await this.openMicrophone(there ? this.wanted.input : "", { gainControl: true });
      } catch (error) {
        if (error.name !== "OverconstrainedError") throw error;
        await this.openMicrophone("", { gainControl: true });
      }
      const [track] = this.stream.getAudioTracks();
      this.using = track.getSettings().deviceId || "";
      track.onended = () => this.listen();
      this.on.microphone("ok");
      if (before && before !== this.using) this.on.moved(track.label);
    } catch (error) {
      this.using = "";
      this.closeMicrophone();
      this.on.microphone(whyNot(error));
    }
    await this.tellDevices();
  }

  async devicesChanged() {
    if (!this.context) return;
    const { inputs } = await this.devices();
    const there = (id) => inputs.some((device) => device.deviceId === id);
    const track = this.stream && this.stream.getAudioTracks()[0];
    const gone = !track || track.readyState === "ended" || (this.using && !there(this.using));
    if (gone || (there(this.wanted.input) && this.using !== this.wanted.input)) await this.listen();
    else await this.tellDevices();
    await this.speak();
  }

  // The loudspeaker that was chosen, while it is plugged in.
  async speak() {
    const { outputs } = await this.devices();
    const there = outputs.some((device) => device.deviceId === this.wanted.output);
    try {
      await this.useSpeaker(there ? this.wanted.output : "");
    } catch { /* it was unplugged between the list and now: the next devicechange comes */ }
  }

  async choose(way, deviceId) {
    this.wanted[way] = deviceId;
    localStorage.setItem(REMEMBERED, JSON.stringify(this.wanted));
    if (!this.context) return;
    if (way === "input") { this.using = ""; await this.listen(); } else await this.speak();
  }

  async tellDevices() {
    const { inputs, outputs } = await this.devices();
    const real = (device) => device.deviceId !== "default"; // the standard device has an entry of ours
    this.on.devices({ inputs: inputs.filter(real), outputs: outputs.filter(real), ...this.wanted });
  }

  chime() { for (const [pitch, at] of CHIME) this.tone([pitch], 0.35, 0.14, at); }

  testSound() { for (const [pitch, at] of [[523, 0], [659, 0.25], [784, 0.5]]) this.tone([pitch], 0.4, 0.12, at); }
}
