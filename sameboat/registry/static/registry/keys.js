// The page of device keys: makes a key for the chosen organisation, sends its public half, and marks this device's own.
import { keptKey, makeKey } from "./device-key.js";

const form = document.querySelector("[data-register-device]");
const revoked = new Set([...document.querySelectorAll("[data-key][data-revoked]")].map((row) => row.dataset.key));
form.addEventListener("submit", async (event) => {
  const field = form.elements.public_key;
  if (field.value) return;
  event.preventDefault();
  const organisation = form.elements.organisation.value;
  const holder = form.dataset.holders.split(" ").find((each) => each.endsWith(`:${organisation}`));
  try {
    const kept = await keptKey(holder);
    const key = kept && !revoked.has(kept.publicKey) ? kept : await makeKey(holder);
    field.value = key.publicKey;
    setTimeout(() => form.requestSubmit()); // a browser may still be in the first sending, and would drop this one
  } catch {
    form.querySelector("[data-register-no]").hidden = false;
  }
});
form.querySelector("button").disabled = false;

const own = new Set();
for (const holder of form.dataset.holders.split(" ")) {
  const key = await keptKey(holder);
  if (key) own.add(key.publicKey);
}
for (const row of document.querySelectorAll("[data-key]")) {
  if (own.has(row.dataset.key)) row.querySelector("[data-this-device]").hidden = false;
}
