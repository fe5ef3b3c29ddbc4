// The page works without this file; with it, changes are announced, faults are said and times are local.
"use strict";

const announcer = document.getElementById("announcer");

function announce(text) {
  if (announcer.textContent !== text) announcer.textContent = text;
}

function localiseTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    const words = "day" in time.dataset ? "toLocaleString" : "toLocaleTimeString";
    time.textContent = moment[words](document.documentElement.lang);
  }
}

function showSendError(event, shown) {
  const form = event.detail.elt.closest("#feedback-form");
  if (form) form.querySelector("#send-error").hidden = !shown;
}

document.addEventListener("htmx:load", (event) => {
  localiseTimes(event.detail.elt);
  document.title = document.querySelector("h1").textContent;
  const sentence = event.detail.elt.querySelector(".sentence");
  if (sentence) announce(sentence.textContent.trim());
});
document.addEventListener("htmx:beforeRequest", (event) => showSendError(event, false));
document.addEventListener("htmx:sendError", (event) => showSendError(event, true));
document.addEventListener("htmx:responseError", (event) => showSendError(event, true));
