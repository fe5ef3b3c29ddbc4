// Help with the form: a character count, and a draft that survives a reload.
"use strict";

const KEPT = ["email", "name", "message"];

function form() {
  return document.getElementById("feedback-form");
}

// The count, as the server counts: in characters, a line break being one, without blanks at the ends.
function count(message) {
  const note = form().querySelector(".count");
  const length = [...message.value.trim()].length;
  const left = Number(note.dataset.limit) - length;
  note.hidden = length === 0;
  note.textContent = note.dataset.text.replace("{count}", left.toLocaleString(document.documentElement.lang));
  note.classList.toggle("error", left < 0);
  clearTimeout(count.saying);
  if (left <= 100) count.saying = setTimeout(() => announce(note.textContent), 1000);
}

// The draft lives in this tab only. Storage may be forbidden, as in a frame on another site.
function stored(action, ...values) {
  try {
    return sessionStorage[`${action}Item`]("draft", ...values);
  } catch {
    return null;
  }
}

function fields() {
  return KEPT.map((name) => form().elements[name]);
}

function restoreDraft() {
  const draft = JSON.parse(stored("get") || "{}");
  if (fields().some((field) => field.value)) return;
  for (const field of fields()) field.value = draft[field.name] || "";
}

document.addEventListener("htmx:load", (event) => {
  const root = event.detail.elt;
  if (root === card()) stored("remove"); // it has just replaced the form; one that was opened says nothing of a draft
  if (!form()) return;
  restoreDraft();
  count(form().elements.message);
});

document.addEventListener("input", (event) => {
  if (event.target.form !== form() || !KEPT.includes(event.target.name)) return;
  stored("set", JSON.stringify(Object.fromEntries(fields().map((field) => [field.name, field.value]))));
  if (event.target.name === "message") count(event.target);
});
