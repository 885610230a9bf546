// The one connection of an agent's phone to the media gateway. It comes back by itself, as the customers' phone does.

import { MOST_UNSENT_BYTES, RETRY_MS, pause } from "./phone-line.js";
import { base64Of } from "./phone-sound.js";

const BAD_MESSAGE = 4400, BAD_TOKEN = 4401, TAKEN_OVER = 4409;
const FORGETS_AFTER_MS = 10000; // a connection that held so long was a good one: the next try comes at once

// on: up(), message(object), lost(), over(why): "taken-over", "signed-out", "refused"
export class AgentLine {
  constructor(getUrl, on) {
    this.getUrl = getUrl;
    this.on = on;
    this.socket = null;
    this.stopped = false;
  }

  async run() {
    for (let tries = 0; !this.stopped; tries++) {
      const { code, heldMs } = await this.connect();
      if (this.stopped) return;
      if (code === TAKEN_OVER) return this.end("taken-over");
      if (code === "signed-out") return this.end("signed-out");
      if (code === BAD_MESSAGE || code === "refused" || (code === BAD_TOKEN && tries > 2)) return this.end("refused");
      this.on.lost();
      if (heldMs > FORGETS_AFTER_MS) tries = 0;
      await pause(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] * (0.75 + Math.random() / 2));
    }
  }

  async connect() {
    let url;
    try {
      url = await this.getUrl();
    } catch (error) {
      return { code: error.final || 0, heldMs: 0 };
    }
    if (this.stopped) return { code: 1000, heldMs: 0 };
    return new Promise((done) => {
      let since = null;
      const socket = (this.socket = new WebSocket(url));
      socket.onmessage = ({ data }) => {
        if (this.stopped) return;
        if (since === null) { since = Date.now(); this.on.up(); }
        this.on.message(JSON.parse(data));
      };
      socket.onclose = ({ code }) => done({ code, heldMs: since === null ? 0 : Date.now() - since });
    });
  }

  get open() { return this.socket !== null && this.socket.readyState === WebSocket.OPEN; }

  send(message) {
    if (this.open) this.socket.send(JSON.stringify(message));
    return this.open;
  }

  frame(bytes) {
    if (!this.open || this.socket.bufferedAmount > MOST_UNSENT_BYTES) return;
    this.socket.send(JSON.stringify({ event: "media", media: { payload: base64Of(bytes) } }));
  }

  end(why) {
    this.stop();
    this.on.over(why);
  }

  stop() {
    this.stopped = true;
    if (this.socket) this.socket.close(1000);
  }
}
