// What the console does beyond its pages: the reader's zone, keys, and figures that stay current.
"use strict";

const cookie = (name) =>
  document.cookie.split("; ").find((one) => one.startsWith(name + "="))?.split("=")[1];

// The zone of this browser, once; whoever chooses another in Setup keeps it.
if (!cookie("tiktok_events_zone")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  document.cookie = `tiktok_events_zone=${zone}; path=/; max-age=31536000; samesite=lax`;
}

// Regions marked data-live are asked for again, and put in their place where the words differ.
const live = [...document.querySelectorAll("[data-live]")];
let paused = false;
const busy = () =>
  paused || document.hidden || document.querySelector(":focus-visible:is(input, textarea, select)");

async function renew() {
  if (busy()) return;
  const answer = await fetch(location.href, { headers: { "x-live": "1" } }).catch(() => null);
  if (!answer || !answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const region of document.querySelectorAll("[data-live]")) {
    const fresh = page.querySelector(`[data-live="${region.dataset.live}"]`);
    if (!fresh || fresh.innerHTML === region.innerHTML || region.matches(":hover")) continue;
    const focused = region.contains(document.activeElement) ? document.activeElement : null;
    const href = focused?.getAttribute("href");
    region.replaceChildren(...fresh.childNodes);
    if (href) region.querySelector(`[href="${CSS.escape(href)}"]`)?.focus();
  }
}
if (live.length) setInterval(renew, 3000);

const pause = document.querySelector("[data-pause]");
if (pause) {
  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Go on with live figures" : "Pause live figures";
    pause.setAttribute("aria-pressed", String(paused));
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
