// The recording of a call with its wave form, the transcript that runs beside it, and the lines of a call in progress.
// The panel around it is swapped by htmx when something has changed, so everything is found anew from the page.
(function () {
  "use strict";
  const players = new Map(); // id of the recording -> its sound; a panel that is swapped gives it a new face
  const clock = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds)), hours = Math.floor(whole / 3600);
    const rest = `${String(Math.floor(whole / 60) % 60).padStart(hours ? 2 : 1, "0")}:${String(whole % 60).padStart(2, "0")}`;
    return hours ? `${hours}:${rest}` : rest;
  };

  class Player {
    constructor(face) {
      this.id = face.dataset.recording;
      this.sound = new Audio();
      this.sound.preload = "none";
      this.peaks = null;
      this.fetches = 0;
      for (const event of ["timeupdate", "seeking", "durationchange", "loadedmetadata"]) this.sound.addEventListener(event, () => this.show());
      for (const event of ["play", "pause", "ended"]) this.sound.addEventListener(event, () => this.toggled());
      this.sound.addEventListener("error", () => this.failed());
      this.wear(face);
    }

    // --- the face

    wear(face) {
      this.face = face;
      this.part = (name) => face.querySelector(`[data-${name}]`);
      this.part("toggle").addEventListener("click", () => this.toggle());
      this.part("speed").addEventListener("change", (event) => { this.sound.playbackRate = this.sound.defaultPlaybackRate = Number(event.target.value); });
      this.part("speed").value = String(this.sound.playbackRate);
      const wave = this.part("wave");
      wave.addEventListener("pointerdown", (event) => { wave.setPointerCapture(event.pointerId); this.seekTo(event); });
      wave.addEventListener("pointermove", (event) => { if (wave.hasPointerCapture(event.pointerId)) this.seekTo(event); });
      wave.addEventListener("keydown", (event) => this.pressed(event));
      this.toggled();
      this.show();
      if (this.peaks && !("running" in face.dataset)) this.draw(); else this.load();
    }

    async load() {
      try {
        const answer = await fetch(this.face.dataset.peaks, { headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(`no wave form: ${answer.status}`);
        this.peaks = await answer.json();
        this.draw();
        this.show();
      } catch (error) { // the recording can be heard without
        console.warn(error);
      }
    }

    draw() {
      const [left, right] = this.peaks.channels;
      if (!left) return;
      // One channel is a message: drawn to both sides. Two: the caller above the middle, what they heard below it.
      this.part("caller").setAttribute("d", outline(left, -1));
      this.part("others").setAttribute("d", outline(right || left, 1));
    }

    show() {
      const at = this.sound.currentTime, all = this.length();
      this.part("now").textContent = clock(at);
      this.part("all").textContent = all ? clock(Math.round(all)) : "–";
      const x = all ? Math.min(1000, (at / all) * 1000) : 0;
      for (const end of ["x1", "x2"]) this.part("line").setAttribute(end, x.toFixed(1));
      const wave = this.part("wave");
      wave.setAttribute("aria-valuemax", Math.round(all));
      wave.setAttribute("aria-valuenow", Math.round(at));
      wave.setAttribute("aria-valuetext", this.face.dataset.textAt.replace("{at}", clock(at)).replace("{all}", clock(Math.round(all))));
      this.light(at);
    }

    light(at) {
      let lit = null;
      for (const line of this.lines()) if (Number(line.dataset.second) <= at + 0.05) lit = line;
      const begun = this.sound.currentTime > 0 || !this.sound.paused;
      for (const line of this.lines()) {
        const is = begun && line === lit;
        if (is && !line.hasAttribute("aria-current") && !this.sound.paused) keepInSight(line);
        if (is) line.setAttribute("aria-current", "true"); else line.removeAttribute("aria-current");
      }
    }

    lines() { return document.querySelectorAll(`[data-line-of="${this.id}"]`); }

    toggled() {
      const playing = !this.sound.paused, button = this.part("toggle");
      button.setAttribute("aria-label", playing ? button.dataset.textPause : button.dataset.textPlay);
      this.part("icon-play").hidden = playing;
      this.part("icon-pause").hidden = !playing;
      if (playing) this.part("failed").hidden = true;
    }

    failed() {
      if (!this.sound.getAttribute("src")) return;
      const told = this.part("failed");
      told.textContent = this.face.dataset.textFailed;
      told.hidden = false;
      this.sound.removeAttribute("src");
      this.toggled();
      this.why();
    }

    /** The browser keeps to itself what the server has answered, so that is asked for its reason: a key that is not set, ... */
    async why() {
      const answer = await fetch(this.face.dataset.peaks, { headers: { Accept: "text/plain" } }).catch(() => null);
      if (answer && !answer.ok && (answer.headers.get("Content-Type") || "").startsWith("text/plain")) this.part("failed").textContent = await answer.text();
    }

    // --- the sound

    /** A call in progress has gone on since its sound was fetched. */
    length() { return Math.max(this.fetched(), (this.peaks && this.peaks.seconds) || 0) || Number(this.face.dataset.seconds) || 0; }

    fetched() { return Number.isFinite(this.sound.duration) ? this.sound.duration : 0; }

    /** Nothing is fetched before somebody wants to hear it: each play is written down. `second`: what is to be heard. */
    async ready(second = 0) {
      const there = this.sound.getAttribute("src") && !this.sound.ended, grown = there && this.fetched() && second > this.fetched() + 0.5;
      if (there && !grown) return;
      if (!grown) this.name = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, "0")).join("");
      const speed = this.sound.playbackRate;
      this.fetches += 1; // an address of its own: nothing of the shorter sound is taken for it
      this.sound.src = `${this.face.dataset.src}?player=${this.name}&fetch=${this.fetches}`;
      this.sound.playbackRate = this.sound.defaultPlaybackRate = speed;
      await new Promise((done) => {
        for (const event of ["loadedmetadata", "error"]) this.sound.addEventListener(event, done, { once: true });
        this.sound.load();
      });
    }

    async toggle() {
      if (!this.sound.paused) { this.sound.pause(); return; }
      await this.ready();
      if (this.sound.error) return;
      for (const other of players.values()) if (other !== this) other.sound.pause();
      await this.sound.play().catch(() => this.failed());
    }

    async playFrom(second) {
      await this.ready(second);
      if (this.sound.error) return;
      this.sound.currentTime = second;
      if (this.sound.paused) await this.toggle();
    }

    async moveTo(second) {
      const goesOn = !this.sound.paused;
      await this.ready(second);
      if (this.sound.error) return;
      this.sound.currentTime = Math.max(0, Math.min(this.length(), second));
      if (goesOn && this.sound.paused && !this.sound.ended) await this.toggle(); // more of it had to be fetched
    }

    seekTo(event) {
      const box = this.part("wave").getBoundingClientRect();
      this.moveTo(((event.clientX - box.left) / box.width) * this.length());
    }

    pressed(event) {
      const at = this.sound.currentTime;
      const to = { ArrowLeft: at - 5, ArrowDown: at - 5, ArrowRight: at + 5, ArrowUp: at + 5, PageDown: at - 30, PageUp: at + 30, Home: 0, End: this.length() }[event.key];
      if (to !== undefined) { event.preventDefault(); this.moveTo(to); }
      else if (event.key === " " || event.key === "Enter") { event.preventDefault(); this.toggle(); }
    }
  }

  function outline(heights, sign) {
    const step = 1000 / heights.length, middle = 50;
    let path = `M0 ${middle}`;
    heights.forEach((height, index) => {
      const y = (middle + sign * Math.max(0.6, height * 0.48)).toFixed(1);
      path += `L${(index * step).toFixed(1)} ${y}L${((index + 1) * step).toFixed(1)} ${y}`;
    });
    return `${path}L1000 ${middle}Z`;
  }

  function keepInSight(line) {
    const list = line.closest("[data-transcript]"), item = line.parentElement;
    if (!list || list.scrollHeight <= list.clientHeight) return;
    const top = item.offsetTop - list.offsetTop;
    if (top < list.scrollTop || top + item.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top - list.clientHeight / 3;
  }

  // --- a call in progress: its lines as they are said. The kept ones come with the panel, a little later.
  const MOST_LIVE = 12, LATEST_MS = 15000;
  let watching = null, said = [], partial = null;
  function heardLive(line) {
    if (line.partial) partial = line;
    else {
      if (line.speaker === "caller") partial = null;
      said.push({ ...line, at: Date.now() });
      said = said.slice(-MOST_LIVE);
    }
    showLive();
  }
  function showLive() {
    const list = document.querySelector("[data-live-lines]");
    if (!list) return;
    const kept = Array.from(document.querySelectorAll("[data-transcript] .said-words")).slice(-MOST_LIVE).map((one) => one.textContent);
    said = said.filter((line) => !kept.includes(line.text) && Date.now() - line.at < LATEST_MS);
    list.replaceChildren(...[...said, ...(partial ? [partial] : [])].map((line) => {
      const item = document.createElement("li"), by = document.createElement("span"), words = document.createElement("span");
      item.className = `said said-${line.speaker}${line.partial ? " said-partial" : ""}`;
      by.className = "said-by";
      by.textContent = list.dataset[`text${line.speaker[0].toUpperCase()}${line.speaker.slice(1)}`] || "";
      words.className = "said-words";
      words.lang = line.language;
      words.textContent = line.partial ? `${line.text} …` : line.text;
      item.append(by, words);
      return item;
    }));
  }
  async function watch() {
    const section = document.querySelector("#sound[data-watch]");
    if (!section || watching) return;
    watching = "asking";
    try {
      const answer = await fetch(section.dataset.watch, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(`not to be watched: ${answer.status}`);
      const told = await answer.json();
      watching = new WebSocket(told.url);
      watching.addEventListener("open", () => watching.send(JSON.stringify({ watch: told.watch })));
      watching.addEventListener("message", (event) => {
        const message = JSON.parse(event.data);
        if (message.topic === "transcript") heardLive(message.line);
      });
      watching.addEventListener("close", () => { watching = null; setTimeout(watch, 3000); });
    } catch (error) {
      watching = null;
      setTimeout(watch, 10000);
    }
  }

  function found() {
    for (const face of document.querySelectorAll("[data-player]")) {
      const known = players.get(face.dataset.recording);
      if (!known) players.set(face.dataset.recording, new Player(face));
      else if (known.face !== face) known.wear(face);
    }
    showLive();
    watch();
  }
  document.addEventListener("click", (event) => {
    const line = event.target.closest("[data-line-of]");
    const player = line && players.get(line.dataset.lineOf);
    if (player) player.playFrom(Number(line.dataset.second));
  });
  document.addEventListener("DOMContentLoaded", () => {
    found();
    document.body.addEventListener("htmx:afterSettle", found);
  });
})();
