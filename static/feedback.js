// The page works without this file; with it, changes are announced, faults are said and times are local.
"use strict";

const announcer = document.getElementById("announcer");
let announced = "";

function announce(text) {
  if (text === announced) return;
  announced = text;
  announcer.textContent = text;
}

function card() {
  return document.getElementById("feedback-status");
}

function localiseTimes(root) {
  const language = document.documentElement.lang;
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    const today = at.toDateString() === new Date().toDateString() && !("day" in time.dataset);
    time.textContent = today ? at.toLocaleTimeString(language) : at.toLocaleString(language);
  }
}

function sentence(root) {
  return root.querySelector(".sentence")?.textContent.trim().replace(/\s+/g, " ");
}

// The card: what is new is said once, also by a screen reader; what was there at the start is not news.
document.addEventListener("htmx:load", (event) => {
  const root = event.detail.elt;
  localiseTimes(root);
  offerCopying(root);
  const said = sentence(root);
  if (root === document.body) {
    announced = said || "";
    return;
  }
  document.title = document.querySelector("h1").textContent;
  if (said) announce(said);
});

function offerCopying(root) {
  const button = root.querySelector("#copy-link");
  if (!button || !navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(document.getElementById("bookmark").href);
    } catch {
      button.hidden = true; // forbidden here, as in a frame
      return;
    }
    button.textContent = button.dataset.copied;
    announce(button.dataset.copied);
  });
}

// A hidden page asks nothing; one that is shown again, or has its line back, asks at once.
function ask() {
  if (card() && !document.hidden) htmx.trigger(card(), "shown");
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt === card() && document.hidden) event.preventDefault();
});
document.addEventListener("visibilitychange", ask);
window.addEventListener("online", ask);
window.addEventListener("pageshow", (event) => event.persisted && ask());

function showOutOfTouch(root, shown) {
  const note = root.querySelector(".out-of-touch");
  if (!note) return;
  note.hidden = !shown;
  if (shown) announce(note.textContent.trim());
}

// The form: a fault of the line or the site is said beside the button, which has the focus again.
function showSendError(form, shown) {
  form.querySelector("#send-error").hidden = !shown;
  if (shown) form.querySelector("button[type=submit]").focus();
}

// Staff's answer to a question is given once, however often the button is clicked.
document.addEventListener("submit", ({ target }) => {
  if (target.matches(".operations form")) target.addEventListener("submit", (again) => again.preventDefault());
});

// A proxy in front of us may answer too, with an error page or a login: only our own answers are shown.
// The form turns into itself or the card; what asks for itself gets itself.
function isOurs({ xhr, requestConfig }) {
  const { elt } = requestConfig;
  const mark = elt.id === "feedback-form" ? 'id="feedback-' : `id="${elt.id}"`;
  return xhr.status === 204 || xhr.responseText.includes(mark);
}

document.addEventListener("htmx:beforeSwap", (event) => {
  if (!isOurs(event.detail)) event.detail.shouldSwap = false;
});
document.addEventListener("htmx:afterRequest", (event) => {
  const { xhr } = event.detail;
  // Our own page, and not one of a proxy: this feedback was erased, and asking on would bring no more.
  if (xhr.status === 404 && xhr.responseText.includes('id="announcer"')) location.reload();
  const form = event.detail.elt.closest("#feedback-form");
  if (form) showSendError(form, !isOurs(event.detail));
  else showOutOfTouch(event.detail.elt, !isOurs(event.detail));
});
