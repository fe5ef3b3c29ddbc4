// Help with the form: a character count, a draft that survives a reload, and a question about a mistyped address.
"use strict";

const KEPT = ["email", "name", "message"];
const MAIL_DOMAINS = [
  "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "icloud.com",
  "aol.com", "proton.me", "protonmail.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "freenet.de",
  "outlook.de", "hotmail.de", "yahoo.de", "orange.fr", "free.fr", "laposte.net", "wanadoo.fr", "hotmail.fr",
  "yahoo.fr", "hotmail.es", "yahoo.es", "telefonica.net", "uol.com.br", "terra.com.br", "sapo.pt", "qq.com",
  "163.com", "126.com", "sina.com", "foxmail.com",
];
// Real ones that look like a mistake for one of the others.
const NO_MISTAKES = ["mail.com", "email.com", "ymail.com", "gmx.com", "gmx.at", "gmx.ch", "me.com", "mac.com", "live.de"];

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

// How many letters were mistaken, left out, added or swapped with their neighbour.
function mistakes(one, other) {
  const rows = [[...Array(other.length + 1).keys()]];
  for (let i = 1; i <= one.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + same);
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (swapped) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[one.length][other.length];
}

function likelyDomain(domain) {
  if (MAIL_DOMAINS.includes(domain) || NO_MISTAKES.includes(domain)) return null;
  return MAIL_DOMAINS.find((known) => known.length > 5 && mistakes(domain, known) === 1);
}

function askAbout(email) {
  const button = form().querySelector(".suggestion button");
  const [, user, typed] = email.value.trim().match(/^(.+)@([^@]+)$/) || [];
  const meant = typed && likelyDomain(typed.toLowerCase());
  button.parentElement.hidden = !meant;
  if (!meant) return;
  button.value = `${user}@${meant}`;
  button.textContent = button.dataset.text.replace("{address}", button.value);
  announce(button.textContent);
}

document.addEventListener("htmx:load", (event) => {
  const root = event.detail.elt;
  if (root.querySelector(".steps")) stored("remove");
  if (!form()) return;
  restoreDraft();
  count(form().elements.message);
});

document.addEventListener("input", (event) => {
  if (event.target.form !== form() || !KEPT.includes(event.target.name)) return;
  stored("set", JSON.stringify(Object.fromEntries(fields().map((field) => [field.name, field.value]))));
  if (event.target.name === "message") count(event.target);
});

document.addEventListener("change", (event) => {
  if (event.target.form === form() && event.target.name === "email") askAbout(event.target);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest(".suggestion button");
  if (!button) return;
  const email = form().elements.email;
  email.value = button.value;
  email.dispatchEvent(new Event("input", { bubbles: true }));
  button.parentElement.hidden = true;
  email.focus();
});
