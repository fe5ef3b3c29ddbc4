// Help with a field that was just filled in: what is wrong with it, and a question about a mistyped address.
// The words are the server's, and it alone decides: nothing here stops anybody.
"use strict";

const MAIL_DOMAINS = [
  "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "icloud.com",
  "aol.com", "proton.me", "protonmail.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "freenet.de",
  "outlook.de", "hotmail.de", "yahoo.de", "orange.fr", "free.fr", "laposte.net", "wanadoo.fr", "hotmail.fr",
  "yahoo.fr", "hotmail.es", "yahoo.es", "telefonica.net", "uol.com.br", "terra.com.br", "sapo.pt", "qq.com",
  "163.com", "126.com", "sina.com", "foxmail.com",
];
// Real ones that look like a mistake for one of the others.
const NO_MISTAKES = ["mail.com", "email.com", "ymail.com", "gmx.com", "gmx.at", "gmx.ch", "me.com", "mac.com", "live.de"];

// What moves the page waits until the finger or the mouse is up again: else Send slips away under it, unclicked.
let released = Promise.resolve();
document.addEventListener("pointerdown", () => {
  released = new Promise((resolve) => {
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(resolve), { once: true });
  });
});

document.addEventListener("change", async ({ target }) => {
  await released;
  if (target.form !== form() || !KEPT.includes(target.name) || form().matches(".htmx-request")) return;
  check(target);
  if (target.name === "email") askAbout(target);
});

function check(field) {
  const note = document.getElementById(`${field.id}_error`);
  const fault = faultOf(field, note.dataset);
  const others = (field.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && id !== note.id);
  field.setAttribute("aria-describedby", (fault ? [...others, note.id] : others).join(" "));
  if (fault) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
  note.textContent = fault;
  note.hidden = !fault;
  if (fault) announce(fault);
}

function faultOf(field, words) {
  const text = field.value.trim();
  if (!text) return field.required ? words.required : "";
  return field.type === "email" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? words.invalid : "";
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

document.addEventListener("click", (event) => {
  const button = event.target.closest(".suggestion button");
  if (!button) return;
  const email = form().elements.email;
  email.value = button.value;
  email.dispatchEvent(new Event("input", { bubbles: true }));
  button.parentElement.hidden = true;
  email.focus();
});

function likelyDomain(domain) {
  if (MAIL_DOMAINS.includes(domain) || NO_MISTAKES.includes(domain)) return null;
  return MAIL_DOMAINS.find((known) => known.length > 5 && mistakes(domain, known) === 1);
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
