// Between the agent's phone and the pages of the console.
//
// The phone (microphone, sound, the connection to the gateway) lives in a small window of its own, /agent, and not in
// the pages of the desk: a call must survive a click on another ticket, a form that is sent, a reload, a change of
// language, a page that fails. Keeping one document alive under all pages (hx-boost) would do for links alone, and make
// every script of every page share it. The pages have a bar that shows what the phone tells over a BroadcastChannel and
// passes presses on to it, so the window can stay behind them all day. Messages are used for signs of life, never
// timers alone: browsers slow the timers of a window that is covered down to one a minute.

const ASKED_EVERY_MS = 1000, GONE_AFTER_MS = 3000;
export const POP_UP = "popup,width=420,height=760";
export const WINDOW = "hotline-agent", DESK = "hotline-desk"; // names of windows, so that a link finds the open one

// The channel is one user's: who signs in after somebody else in the same browser does not steer their phone.
const channelOf = (user) => new BroadcastChannel(`hotline-agent-${user}`);

// In the window. on: wish(command)
export class PhoneEnd {
  constructor(user, on) {
    this.id = crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.state = null;
    this.channel = channelOf(user);
    this.channel.onmessage = ({ data }) => {
      if (data.kind === "hello" && this.state) this.tell();
      else if (data.kind === "do" && this.state && (!data.phone || data.phone === this.id)) on.wish(data.command);
    };
    addEventListener("pagehide", () => this.channel.postMessage({ kind: "gone", phone: this.id }));
  }

  show(state) {
    this.state = state;
    this.tell();
  }

  tell() { this.channel.postMessage({ kind: "state", phone: this.id, state: this.state }); }
}

const IDLE = new Set(["off", "taken-over", "signed-out", "refused"]);

// In a page, or in a second window before it becomes the phone. on: state(object or null when there is no phone)
export class PageEnd {
  constructor(user, on, { except = null } = {}) {
    this.on = on;
    this.phone = null;
    this.heardAt = 0;
    this.channel = channelOf(user);
    this.channel.onmessage = ({ data }) => {
      if (data.kind === "state") {
        if (data.phone === except) return;
        // Of two windows the one at work counts: one that was taken over, or not begun with, still says so.
        if (IDLE.has(data.state.phase) && this.phone && this.phone !== data.phone) return;
        this.phone = data.phone;
        this.heardAt = Date.now();
        on.state(data.state);
      } else if (data.kind === "gone" && data.phone === this.phone) this.lost();
    };
    this.ask();
    this.asking = setInterval(() => {
      if (this.phone && Date.now() - this.heardAt > GONE_AFTER_MS && !document.hidden) this.lost();
      this.ask();
    }, ASKED_EVERY_MS);
    document.addEventListener("visibilitychange", () => { this.heardAt = Date.now(); this.ask(); });
  }

  ask() { if (!document.hidden) this.channel.postMessage({ kind: "hello" }); }

  lost() {
    this.phone = null;
    this.on.state(null);
    this.ask();
  }

  send(command) { this.channel.postMessage({ kind: "do", phone: this.phone, command }); }

  close() {
    clearInterval(this.asking);
    this.channel.close();
  }
}
