"use strict";
// Live parts are polled every two seconds while the page is visible, each one when its own last poll is back.
const EVERY = 2000;
const pollAll = () => document.querySelectorAll("[data-live]").forEach((part) => poll(part));
// A control by its row, its link and the step that it opens: several rows may hold the same link.
const nameOf = (one) => [one.closest("tr")?.querySelector("a"), one.getAttribute("href"), one.parentElement.id].join();

async function refresh(part) {
  const headers = part.tag ? { "If-None-Match": part.tag } : {};
  const response = await fetch(part.dataset.live, { headers, cache: "no-store" });
  const [text, marked] = [await response.text(), getSelection()];
  if (response.status === 304 || (!response.ok && part.tag)) return;
  if (!response.ok) return void (part.textContent = text);
  if (!marked.isCollapsed && part.contains(marked.anchorNode)) return; // text that somebody marks stays
  part.tag = response.headers.get("ETag");
  const open = [...part.querySelectorAll("details[open]")].map((each) => each.id);
  const focused = part.contains(document.activeElement) ? nameOf(document.activeElement) : "";
  part.innerHTML = text;
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  const controls = [...part.querySelectorAll("a, button, summary")];
  controls.find((each) => nameOf(each) === focused)?.focus({ preventScroll: true });
  if (part.querySelector("[data-reload]")) location.reload();
  if (part.querySelector("[data-title]")) showInTab(part.querySelector("[data-title]"));
}

async function poll(part) {
  if (document.hidden || part.isPolled || Date.now() < (part.until ?? 0)) return;
  [part.isPolled, part.until] = [true, Date.now() + part.dataset.every * 1000 - EVERY / 4];
  const isLost = await refresh(part).then(() => false, () => true);
  document.body.classList.toggle("lost", isLost);
  part.isPolled = false;
}

function showInTab(line) {
  const { title, tone } = line.dataset;
  document.title = document.title.replace(/^(\(\d+\) )?/, title > 0 ? `(${title}) ` : "");
  const [icon, href] = [document.querySelector("link[rel=icon]"), `/icon.svg?${tone}-${title}`];
  if (!icon.href.endsWith(href)) icon.href = href;
}

for (const part of document.querySelectorAll("[data-live]:not([data-lazy])")) part.until = Date.now() + EVERY;
setInterval(pollAll, EVERY);
document.addEventListener("visibilitychange", pollAll);
showInTab(document.querySelector("[data-title]"));
pollAll();

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("copy" in button.dataset) {
    await navigator.clipboard.writeText(button.dataset.copy || location.origin + location.pathname);
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 900);
  }
  if ("actual" in button.dataset) button.ariaPressed = document.querySelector(".screen").classList.toggle("actual");
  if ("all" in button.dataset) for (const box of button.form.querySelectorAll("[type=checkbox]")) box.checked = true;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input, textarea")) return;
  event.preventDefault();
  document.getElementById("search").focus();
});

document.addEventListener("pointermove", (event) => {
  const [poster, dot] = [document.getElementById("poster"), event.target.closest("[data-poster]")];
  poster.hidden = !dot;
  if (dot) {
    if (!poster.firstChild.src.endsWith(dot.dataset.poster)) poster.firstChild.src = dot.dataset.poster;
    poster.style.transform = `translate(${Math.min(event.clientX + 14, innerWidth - 260)}px, ${event.clientY + 14}px)`;
  }
  const frame = event.target.closest(".actual .frame");
  if (!frame) return;
  const { left, top, width, height } = frame.getBoundingClientRect();
  for (const video of document.querySelectorAll(".actual .frame video")) {
    video.style.width = `${video.parentElement.dataset.width / devicePixelRatio}px`;
    const [x, y] = [(event.clientX - left) / width, (event.clientY - top) / height];
    video.style.transform = `translate(${-x * (video.offsetWidth - width)}px, ${-y * (video.offsetHeight - height)}px)`;
  }
});
