"use strict";
// Live parts are polled every two seconds while the page is visible and the last poll is back.
const EVERY = 2000;
let polling = false;

async function refresh(part) {
  part.until = Date.now() + part.dataset.every * 1000 - EVERY / 4;
  const headers = part.tag ? { "If-None-Match": part.tag } : {};
  const response = await fetch(part.dataset.live, { headers, cache: "no-store" });
  if (response.status === 304 || (!response.ok && part.tag)) return;
  if (!response.ok) return void (part.textContent = await response.text());
  part.tag = response.headers.get("ETag");
  const open = [...part.querySelectorAll("details[open]")].map((each) => each.id);
  part.innerHTML = await response.text();
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  if (part.querySelector("[data-reload]")) location.reload();
}

async function poll() {
  if (polling || document.hidden) return;
  polling = true;
  const due = [...document.querySelectorAll("[data-live]")].filter((part) => Date.now() >= (part.until ?? 0));
  const results = await Promise.allSettled(due.map(refresh));
  document.body.classList.toggle("lost", results.some((result) => result.status === "rejected"));
  showInTab(document.querySelector("[data-title]"));
  polling = false;
}

function showInTab(line) {
  if (!line) return;
  const { title, tone } = line.dataset;
  document.title = document.title.replace(/^(\(\d+\) )?/, title > 0 ? `(${title}) ` : "");
  const [icon, href] = [document.querySelector("link[rel=icon]"), `/icon.svg?${tone}-${title}`];
  if (!icon.href.endsWith(href)) icon.href = href;
}

for (const part of document.querySelectorAll("[data-live]:not([data-lazy])")) part.until = Date.now() + EVERY;
setInterval(poll, EVERY);
document.addEventListener("visibilitychange", poll);
poll();

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const text = button.dataset.copy ?? ("copyLink" in button.dataset ? location.origin + location.pathname : null);
  if (text !== null) {
    await navigator.clipboard.writeText(text);
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
  const poster = document.getElementById("poster");
  const dot = event.target.closest("[data-poster]");
  poster.hidden = !dot;
  if (dot) {
    if (poster.dot !== dot) poster.firstChild.src = dot.dataset.poster;
    poster.dot = dot;
    poster.style.transform = `translate(${Math.min(event.clientX + 14, innerWidth - 260)}px, ${event.clientY + 14}px)`;
  }
  const frame = event.target.closest(".actual .frame");
  if (!frame) return;
  const { left, top, width, height } = frame.getBoundingClientRect();
  for (const each of document.querySelectorAll(".actual .frame")) {
    const video = each.firstElementChild;
    video.style.width = `${each.dataset.width / devicePixelRatio}px`;
    const [x, y] = [(event.clientX - left) / width, (event.clientY - top) / height];
    video.style.transform = `translate(${-x * (video.offsetWidth - width)}px, ${-y * (video.offsetHeight - height)}px)`;
  }
});
