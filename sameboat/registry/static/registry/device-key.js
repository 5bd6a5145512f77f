// This device's signing keys: Ed25519, made here, never extractable, one a member and organisation ("holder").
const STORE = "keys";

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("sameboat", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function inStore(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

const base64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));

// Returns {publicKey, privateKey} or undefined; undefined too where the browser keeps nothing.
export async function keptKey(holder) {
  try {
    return await inStore("readonly", (store) => store.get(holder));
  } catch {
    return undefined;
  }
}

// Makes a key, keeps it and returns it. Rejects where the browser has no Ed25519, no secure context or no store.
export async function makeKey(holder) {
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const publicKey = base64(await crypto.subtle.exportKey("raw", pair.publicKey));
  const key = { publicKey, privateKey: pair.privateKey };
  await inStore("readwrite", (store) => store.put(key, holder));
  return key;
}

export async function sign(key, text) {
  return base64(await crypto.subtle.sign("Ed25519", key.privateKey, new TextEncoder().encode(text)));
}
