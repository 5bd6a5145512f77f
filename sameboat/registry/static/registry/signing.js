// On a page that signs: where this device has a registered key, it signs the statement that the page shows.
import { keptKey, sign } from "./device-key.js";

const panel = document.querySelector("[data-signing]");
const form = panel.closest("form");
const statement = panel.querySelector("[data-statement]");
const key = await usableKey();
if (key) show("data-by-device");
const quantity = panel.dataset.quantity && document.getElementById(panel.dataset.quantity);
const whole = quantity && wordsOf(statement.textContent).quantity;
// A browser that comes back to this page may have kept the signature of another statement in its fields.
addEventListener("pageshow", () => {
  for (const name of ["signed_with", "public_key", "signature"]) form.elements[name].value = "";
});
if (quantity) {
  quantity.addEventListener("input", () => (statement.textContent = stated()));
  statement.textContent = stated();
}

form.addEventListener("submit", async (event) => {
  const { signed_with: signedWith, public_key: publicKey, signature } = form.elements;
  if (!key || signedWith.value) return;
  event.preventDefault();
  try {
    signature.value = await sign(key, stated());
    publicKey.value = key.publicKey;
    signedWith.value = "device-key";
  } catch {
    signedWith.value = "account";
    show("data-by-device-failed");
    return;
  }
  setTimeout(() => form.requestSubmit()); // a browser may still be in the first sending, and would drop this one
});

async function usableKey() {
  if (!globalThis.crypto?.subtle) return undefined;
  const kept = await keptKey(panel.dataset.holder);
  return kept && panel.dataset.keys.split(" ").includes(kept.publicKey) ? kept : undefined;
}

function show(state) {
  for (const each of ["data-by-account", "data-by-device", "data-by-device-failed"]) {
    panel.querySelector(`[${each}]`).hidden = each !== state;
  }
}

function wordsOf(text) {
  return JSON.parse(text.slice(text.indexOf("\n") + 1));
}

// The statement with the quantity that stands in the form now: canonical JSON below its first line, names in order.
function stated() {
  const text = statement.textContent;
  if (!quantity) return text;
  const words = wordsOf(text);
  const typed = quantity.value.normalize("NFKC").replace(/[,\s]/g, "");
  words.quantity = typed ? Number(typed) : whole;
  const ordered = Object.fromEntries(Object.keys(words).sort().map((name) => [name, words[name]]));
  return text.slice(0, text.indexOf("\n") + 1) + JSON.stringify(ordered);
}
