// What the console does beyond its pages: the reader's zone, a pause for what is live, and keys.
"use strict";

const cookie = (name) =>
  document.cookie.split("; ").find((one) => one.startsWith(name + "="))?.split("=")[1];

// The zone of this browser, once; whoever chooses another in Setup keeps it.
if (!cookie("tiktok_events_zone")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  document.cookie = `tiktok_events_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
}

// What is live comes by htmx. Nothing is asked for while nobody looks, and nothing moves in a pause.
const live = document.querySelector("#live");
const pause = document.querySelector("[data-pause]");
const read = document.querySelector("#read");
let paused = false;
if (live) {
  read.hidden = true;
  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Paused, go on" : "Live, pause";
    pause.setAttribute("aria-pressed", String(paused));
    htmx.process(live, true);  // closes its stream, and asks again unless it is paused
  });
  live.addEventListener("htmx:before:request", (event) => {
    if (paused || document.hidden || live.querySelector("[data-over]")) event.preventDefault();
  });
  // What stands here is old while nobody answers.
  for (const name of ["htmx:error", "htmx:response:error"]) {
    live.addEventListener(name, () => { read.hidden = false; });
  }
  document.addEventListener("htmx:after:swap", () => {
    read.hidden = true;
    pause.hidden = Boolean(live.querySelector("[data-over]"));
  });
}

// Keys: none acts, each only leads somewhere. They can be switched off in Setup.
const off = cookie("tiktok_events_keys") === "off";
document.querySelectorAll(".keyed").forEach((one) => { one.hidden = off; });
const rows = () => [...document.querySelectorAll("tbody tr")].filter((row) => row.querySelector("a"));
let row = -1;
let going = false;

function move(by) {
  const all = rows();
  if (!all.length) return;
  row = Math.min(Math.max(row + by, 0), all.length - 1);
  all[row].querySelector("a").focus();
}

function press(selector) {
  const found = document.querySelector(selector);
  if (found) found.click();
}

const KEYS = {
  "/": () => document.querySelector("#find").focus(),
  "?": () => document.querySelector("#keys")?.showModal(),
  j: () => move(1),
  k: () => move(-1),
  x: () => rows()[row]?.querySelector("input[type=checkbox]")?.click(),
  u: () => document.querySelectorAll("tbody :checked").forEach((box) => box.click()),
  e: () => press('[data-act="edit"]'),
  p: () => press('[data-act="replay"]'),
  "[": () => press('[rel="prev"]'),
  "]": () => press('[rel="next"]'),
};

document.addEventListener("keydown", (event) => {
  const field = event.target.matches("input:not([type=checkbox]), textarea, select");
  if (event.key === "Escape" && field) return event.target.blur();
  if (off || field || event.ctrlKey || event.metaKey || event.altKey) return;
  if (going) {
    going = false;
    return press(`.rail [data-key="${CSS.escape(event.key)}"]`);
  }
  if (event.key === "g") { going = true; return; }
  const act = KEYS[event.key];
  if (act) { event.preventDefault(); act(); }
});
