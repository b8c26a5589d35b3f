// Comforts alone: every page works without this file.
"use strict";

const KEYS_OFF = "mlgov-keys-off";
const keysOff = () => localStorage.getItem(KEYS_OFF) === "1";
const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;

// Copy buttons stand hidden in the page until there is a script to serve them.
function showCopyButtons(root) {
  for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const status = document.getElementById("status");
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    if (status) status.textContent = "Copied.";
  } catch {
    if (status) status.textContent = "The browser did not allow copying; select the text instead.";
  }
});

// J and K walk the rows of a list; Enter follows the link, as it does anyway.
function walk(step) {
  const links = [...document.querySelectorAll("[data-rows] a.main")];
  if (!links.length) return;
  const here = links.indexOf(document.activeElement);
  links[Math.min(Math.max(here + step, 0), links.length - 1)].focus();
}

// Alt+Down goes to the next open question of a checklist, from a field as well.
function nextOpen() {
  const open = [...document.querySelectorAll("[data-open]")];
  const here = document.activeElement?.closest("section");
  const after = open.filter((one) => here && one !== here
    && here.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
  const next = after[0] ?? open[0];
  (next?.querySelector("details[open] input[type=radio]") ?? next?.querySelector("summary"))?.focus();
  return Boolean(next);
}

let waitingForSecond = false;
const places = { i: "nav-home", n: "nav-notices", p: "nav-projects", a: "nav-audit", t: "nav-tokens" };

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    const search = document.getElementById("nav-search");
    if (search) { event.preventDefault(); search.click(); }
    return;
  }
  if (event.altKey && event.key === "ArrowDown" && !keysOff()) {
    if (nextOpen()) event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || keysOff() || typing(event.target)) return;
  const key = event.key.toLowerCase();
  if (waitingForSecond) {
    waitingForSecond = false;
    document.getElementById(places[key] || "")?.click();
    return;
  }
  if (key === "g") { waitingForSecond = true; setTimeout(() => { waitingForSecond = false; }, 1200); }
  else if (key === "j") walk(1);
  else if (key === "k") walk(-1);
  else if (key === "/") {
    const filter = document.querySelector("[data-filter]");
    if (filter) { event.preventDefault(); filter.focus(); }
  }
  else if (event.key === "?") document.getElementById("keys")?.showModal();
});

function keySwitch() {
  const box = document.getElementById("keys-on");
  if (!box) return;
  box.checked = !keysOff();
  box.addEventListener("change", () => localStorage.setItem(KEYS_OFF, box.checked ? "0" : "1"));
}

// Arrows walk from the field of the palette through what was found; Enter follows the link, as it does anyway.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const palette = step && (event.target.closest("#palette") ?? (event.target.closest("[data-palette-field]") && document));
  if (!palette) return;
  const stops = [...palette.querySelectorAll("[data-palette-field], [data-rows] a.main")];
  const next = stops[stops.indexOf(document.activeElement) + step];
  if (next) { event.preventDefault(); next.focus(); }
});

// A dialog is an enhancement of a page of its own: the link opens it where there is one.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-dialog]");
  const dialog = link && document.getElementById(link.dataset.dialog);
  if (!dialog || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  dialog.showModal();
  (dialog.querySelector("[data-palette-field]") ?? dialog.querySelector("h2"))?.focus();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
});

// Esc must not throw away what somebody typed into a signature.
document.addEventListener("cancel", (event) => {
  const typed = [...event.target.querySelectorAll("textarea")].some((area) => area.value.trim() !== "");
  if (typed && !window.confirm("Close and lose what you typed?")) event.preventDefault();
}, true);

document.addEventListener("change", (event) => {
  if (event.target.name !== "decision") return;
  const button = event.target.form?.querySelector("[data-sign]");
  const word = event.target.closest("label")?.textContent.trim().toLowerCase();
  if (button && word) button.textContent = `Sign: ${word}`;
});

showCopyButtons(document);
keySwitch();
document.addEventListener("htmx:afterSwap", (event) => showCopyButtons(event.target));
document.querySelector("[data-focus]")?.focus();
