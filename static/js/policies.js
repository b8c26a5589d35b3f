// Comforts of the policy editor; it works without this file.
"use strict";

// Numbers of lines beside the text, scrolled along with it.
function numberLines(area) {
  const numbers = document.createElement("pre");
  numbers.className = "line-numbers";
  numbers.setAttribute("aria-hidden", "true");
  const frame = document.createElement("div");
  frame.className = "numbered";
  area.before(frame);
  frame.append(numbers, area);
  const draw = () => {
    const count = area.value.split("\n").length;
    numbers.textContent = Array.from({ length: count }, (_, index) => index + 1).join("\n");
    numbers.scrollTop = area.scrollTop;
  };
  area.addEventListener("input", draw);
  area.addEventListener("scroll", () => { numbers.scrollTop = area.scrollTop; });
  draw();
}

for (const area of document.querySelectorAll("textarea[data-lines]")) numberLines(area);

// A fault's link puts the caret at its line.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-line]");
  const area = document.querySelector("textarea[data-lines]");
  if (!link || !area) return;
  event.preventDefault();
  const lines = area.value.split("\n");
  const number = Number(link.dataset.line);
  const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + (lines[number - 1] || "").length);
  area.scrollTop = Math.max(0, (number - 4) * (area.scrollHeight / lines.length));
});
