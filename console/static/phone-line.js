// The two connections of the browser phone: one that waits to be rung, one for each call. Both come back by themselves.

import { base64Of } from "./phone-sound.js";

export const RETRY_MS = [300, 700, 1500, 3000, 5000];
const FINAL = new Set([1000, 4400, 4401, 4404, 4408, 4409, 4429, 4503]); // the gateway has said no; asking again is no use
export const MOST_UNSENT_BYTES = 48 * 1024; // more than a second of sound waits: old sound is worth nothing

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Waits to be rung. on: registered(number), incoming(call), stopped(call, reason), away()
export class Presence {
  constructor(getUrl, on) {
    this.getUrl = getUrl;
    this.on = on;
    this.socket = null;
    this.generation = 0;
  }

  // Begins anew, as whoever the page says it is now.
  async restart() {
    const mine = ++this.generation;
    if (this.socket) this.socket.close(1000);
    for (let tries = 0; mine === this.generation; tries++) {
      const reached = await this.connect(mine);
      if (mine !== this.generation) return;
      this.on.away();
      if (reached === null) return; // no number that can be called: asking again is no use
      if (reached) tries = 0;
      await pause(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] * (0.75 + Math.random() / 2));
    }
  }

  stop() {
    this.generation++;
    if (this.socket) this.socket.close(1000);
  }

  send(message) {
    if (this.socket && this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  async connect(mine) {
    let url;
    try {
      url = await this.getUrl();
    } catch (error) {
      return error.final ? null : false;
    }
    if (url === null || mine !== this.generation) return null;
    return new Promise((done) => {
      let reached = false;
      const socket = (this.socket = new WebSocket(url));
      socket.onopen = () => socket.send(JSON.stringify({ event: "register" }));
      socket.onmessage = ({ data }) => {
        if (mine !== this.generation) return;
        const message = JSON.parse(data);
        if (message.event === "registered") { reached = true; this.on.registered(message.number); }
        else if (message.event === "incoming") this.on.incoming(message);
        else if (message.event === "ring_stopped") this.on.stopped(message.call, message.reason);
      };
      socket.onclose = () => done(reached);
    });
  }
}

// One call. on: up(call), lost(), media(base64), mark(name), clear(), caption(message), trouble(text), over(reason, text)
export class Call {
  constructor(getUrl, wishes, reconnectS, on) {
    this.getUrl = getUrl;
    this.wishes = wishes; // { answer: call } or { resume: token } or {}
    this.reconnectS = reconnectS;
    this.on = on;
    this.stream = `BP${crypto.getRandomValues(new Uint32Array(4)).join("")}`.slice(0, 34);
    this.sequence = 0;
    this.chunk = 0;
    this.closed = false;
    this.refusal = "";
  }

  async run() {
    let lostAt = null;
    for (let tries = 0; !this.closed; tries++) {
      const { code, reached } = await this.connect();
      if (this.closed) return;
      if (FINAL.has(code)) { this.finish(code === 1000 ? "ended" : "refused", this.refusal); return; }
      if (!this.wishes.resume) { this.finish("unreachable", this.refusal); return; }
      if (reached || lostAt === null) { tries = 0; lostAt = Date.now(); this.on.lost(); }
      if (Date.now() - lostAt > this.reconnectS * 1000) { this.finish("lost", ""); return; }
      await pause(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
    }
  }

  connect() {
    return this.getUrl().then((url) => new Promise((done) => {
      let reached = false;
      const socket = (this.socket = new WebSocket(url));
      socket.onopen = () => {
        this.sequence = 0;
        this.send({ event: "connected", protocol: "Call", version: "1.0.0" });
        this.send({
          event: "start", streamSid: this.stream,
          start: {
            streamSid: this.stream, tracks: ["inbound"], customParameters: this.wishes,
            mediaFormat: { encoding: "audio/x-mulaw", sampleRate: 8000, channels: 1 },
          },
        });
      };
      socket.onmessage = ({ data }) => { reached = this.receive(JSON.parse(data)) || reached; };
      socket.onclose = ({ code }) => done({ code, reached });
    }), () => ({ code: 0, reached: false }));
  }

  receive(message) {
    switch (message.event) {
      case "call":
        this.wishes = { resume: message.token };
        this.on.up(message);
        return true;
      case "media": this.on.media(message.media.payload); break;
      case "mark": this.on.mark(message.mark.name); break;
      case "clear": this.on.clear(); break;
      case "caption": this.on.caption(message); break;
      case "ended": this.finish("ended", ""); break;
      case "error": this.refusal = message.message; this.on.trouble(message); break;
    }
    return false;
  }

  send(message) {
    if (!this.socket || this.socket.readyState !== WebSocket.OPEN) return;
    this.socket.send(JSON.stringify({ sequenceNumber: String(++this.sequence), streamSid: this.stream, ...message }));
  }

  frame(bytes) {
    this.chunk++;
    if (!this.socket || this.socket.bufferedAmount > MOST_UNSENT_BYTES) return;
    const media = { track: "inbound", chunk: String(this.chunk), timestamp: String(this.chunk * 20), payload: base64Of(bytes) };
    this.send({ event: "media", media });
  }

  key(digit) { this.send({ event: "dtmf", dtmf: { track: "inbound_track", digit } }); }
  words(text) { this.send({ event: "speech_text", text }); }
  heard(name) { this.send({ event: "mark", mark: { name } }); }

  hangUp() {
    this.send({ event: "stop" });
    this.finish("ended", "");
  }

  finish(reason, text) {
    if (this.closed) return;
    this.closed = true;
    if (this.socket) this.socket.close(1000);
    this.on.over(reason, text);
  }
}
