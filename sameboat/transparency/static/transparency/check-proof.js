// Checks a proof file in the browser, with nothing but its own cryptography: no network, no other code.
// The file's format, and why nothing in it can be changed unnoticed, stands in engine/proof_file.py.
"use strict";

class ProofError extends Error {
  /** A check that failed: `step` and `code` name it, `details` are for the reader. */
  constructor(step, code, details = {}) {
    super(`${step}: ${code} ${JSON.stringify(details)}`);
    Object.assign(this, { step, code, details });
  }
}

const proofChecker = (() => {
  const FORMAT = "sameboat-proof/v1";
  const MAX_BYTES = 4_000_000;
  const MAX_ENTRY_BYTES = 65_535;
  const MAX_HASHES = 64;
  const MAX_SIGNATURES = 100;
  const MAX_DEPTH = 64;
  const HASH_BYTES = 32;
  const ED25519 = 0x01;
  const ED25519_COSIGNATURE = 0x04;
  const ML_DSA_44_COSIGNATURE = 0x06;
  const PUBLIC_KEY_BYTES = { [ED25519]: 32, [ED25519_COSIGNATURE]: 32, [ML_DSA_44_COSIGNATURE]: 1312 };
  const COSIGNATURE_BYTES = { [ED25519_COSIGNATURE]: 72, [ML_DSA_44_COSIGNATURE]: 2428 };
  const PRIVATE_MEMBER = "private";

  const encoder = new TextEncoder();
  const utf8 = (text) => encoder.encode(text);
  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const equal = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
  const concat = (...parts) => {
    const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
    return all;
  };
  const toBase64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

  /** Returns the bytes, or null for text that is not the one spelling of some bytes in Base 64. */
  function fromBase64(text) {
    try {
      const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
      return toBase64(bytes) === text ? bytes : null;
    } catch {
      return null;
    }
  }

  /** Returns the text, or null for bytes that are not UTF-8. */
  function fromUtf8(bytes) {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return null;
    }
  }

  // Canonical JSON (RFC 8785) without floats: engine/canonical_json.py.

  function canonical(value, depth = 0) {
    if (depth > MAX_DEPTH) throw new RangeError("nested too deep");
    if (value === null || typeof value === "boolean") return String(value);
    if (typeof value === "number") {
      if (!Number.isSafeInteger(value)) throw new RangeError("not an integer below 2^53");
      return String(value);
    }
    if (typeof value === "string") {
      encodeURIComponent(value); // throws for half a character
      return JSON.stringify(value);
    }
    if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(",")}]`;
    const members = Object.keys(value).sort();
    return `{${members.map((key) => `${canonical(key)}:${canonical(value[key], depth + 1)}`).join(",")}}`;
  }

  /** Returns the value that `text` spells canonically; throws otherwise. */
  function parseCanonical(text) {
    const value = JSON.parse(text);
    if (canonical(value) !== text) throw new RangeError("not canonical");
    return value;
  }

  // The file's form: engine/proof_file.py, parse.

  const malformed = (where) => new ProofError("file", "shape", { where });
  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

  function members(value, where, names) {
    if (!isObject(value) || Object.keys(value).sort().join() !== [...names].sort().join()) throw malformed(where);
    return value;
  }

  function list(value, where) {
    if (!Array.isArray(value)) throw malformed(where);
    return value;
  }

  function text(value, where) {
    if (typeof value !== "string") throw malformed(where);
    return value;
  }

  function hash(value, where) {
    const bytes = fromBase64(text(value, where));
    if (bytes === null || bytes.length !== HASH_BYTES) throw malformed(where);
    return bytes;
  }

  /** Orders strings by code point, as UTF-8 does and UTF-16 does not. */
  function before(a, b) {
    if (typeof a === "number") return a < b;
    const [left, right] = [Array.from(a, (c) => c.codePointAt(0)), Array.from(b, (c) => c.codePointAt(0))];
    const at = left.findIndex((point, i) => point !== right[i]);
    return at === -1 ? left.length < right.length : left[at] < (right[at] ?? -1);
  }

  function inOrder(keys, where) {
    if (keys.some((key, i) => i > 0 && !before(keys[i - 1], key))) throw malformed(where);
  }

  function parse(bytes) {
    if (bytes.length > MAX_BYTES) throw new ProofError("file", "too-large", { limit: MAX_BYTES });
    if (bytes[bytes.length - 1] !== 0x0a) throw new ProofError("file", "cut-short");
    const content = fromUtf8(bytes.subarray(0, -1));
    let value;
    try {
      value = parseCanonical(content);
    } catch {
      throw new ProofError("file", "not-canonical");
    }
    const file = members(value, "content", ["format", "log", "witnesses", "checkpoint", "entries"]);
    if (file.format !== FORMAT) throw new ProofError("file", "format", { format: FORMAT });
    text(file.log, "log");
    text(file.checkpoint, "checkpoint");
    inOrder(list(file.witnesses, "witnesses").map((vkey) => text(vkey, "witnesses")), "witnesses");
    const entries = list(file.entries, "entries").map((entry, i) => parseEntry(entry, `entries[${i}]`));
    if (entries.length === 0) throw malformed("entries");
    inOrder(entries.map((entry) => entry.index), "entries");
    return { ...file, entries };
  }

  function parseEntry(value, where) {
    const entry = members(value, where, ["index", "entry", "proof", "openings"]);
    if (!Number.isSafeInteger(entry.index) || entry.index < 0) throw malformed(`${where}.index`);
    const bytes = utf8(text(entry.entry, where));
    if (bytes.length > MAX_ENTRY_BYTES) throw malformed(`${where}.entry`);
    const hashes = list(entry.proof, `${where}.proof`).map((item) => hash(item, `${where}.proof`));
    if (hashes.length > MAX_HASHES) throw malformed(`${where}.proof`);
    const openings = list(entry.openings, `${where}.openings`).map((item, i) => parseOpening(item, `${where}.openings[${i}]`));
    inOrder(openings.map((opening) => opening.name), `${where}.openings`);
    return { index: entry.index, text: entry.entry, bytes, hashes, openings };
  }

  function parseOpening(value, where) {
    const opening = members(value, where, ["name", "value", "field_key", "whole_key", "fields"]);
    text(opening.name, `${where}.name`);
    if (!isObject(opening.fields)) throw malformed(`${where}.fields`);
    for (const field of Object.values(opening.fields)) {
      if (!/^[0-9a-f]{64}$/.test(text(field, `${where}.fields`))) throw malformed(`${where}.fields`);
    }
    return {
      ...opening,
      fieldKey: hash(opening.field_key, `${where}.field_key`),
      wholeKey: hash(opening.whole_key, `${where}.whole_key`),
    };
  }

  // Keys and notes: c2sp.org/signed-note, c2sp.org/tlog-cosignature.

  /** Returns {name, keyId, type, publicKey, vkey}, or null for text that is no verifier key. */
  async function parseVkey(vkey) {
    const match = /^([^+\s\x85]+)\+([0-9a-f]{8})\+(.+)$/u.exec(vkey);
    const data = match && fromBase64(match[3]);
    if (!data || data.length < 2 || data.length !== 1 + PUBLIC_KEY_BYTES[data[0]]) return null;
    const keyId = (await sha256(concat(utf8(`${match[1]}\n`), data))).subarray(0, 4);
    if (hex(keyId) !== match[2]) return null;
    return { name: match[1], keyId: match[2], type: data[0], publicKey: data.subarray(1), vkey };
  }

  function splitNote(note) {
    const at = note.lastIndexOf("\n\n");
    const lines = note.slice(at + 2, -1).split("\n");
    if (at < 0 || !note.endsWith("\n") || lines.length > MAX_SIGNATURES || /[\0-\x09\x0b-\x1f]/.test(note)) {
      throw new ProofError("checkpoint", "malformed");
    }
    const signatures = lines.map((line) => {
      const match = /^— ([^+\s\x85]+) (\S+)$/u.exec(line);
      const data = match && fromBase64(match[2]);
      if (!data || data.length <= 4) throw new ProofError("checkpoint", "malformed");
      return { name: match[1], keyId: hex(data.subarray(0, 4)), signature: data.subarray(4) };
    });
    return { signed: note.slice(0, at + 1), signatures };
  }

  function parseHead(signed) {
    const lines = signed.slice(0, -1).split("\n");
    const [origin, size, root] = lines;
    const rootHash = fromBase64(root ?? "");
    if (lines.some((line) => line === "") || !/^(0|[1-9][0-9]{0,19})$/.test(size ?? "") || rootHash?.length !== HASH_BYTES) {
      throw new ProofError("checkpoint", "malformed");
    }
    return { origin, size: BigInt(size), root: rootHash };
  }

  async function ed25519(publicKey, message, signature) {
    let key;
    try {
      key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
    } catch (error) {
      if (error.name === "NotSupportedError") throw new ProofError("checkpoint", "no-ed25519");
      return false;
    }
    return crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
  }

  const cosignatureTime = (signature) => new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);

  /** Returns {head, witnesses}; every line of the note is by the log or a witness in the file, in their order. */
  async function checkCheckpoint(file, log, witnesses) {
    const { signed, signatures } = splitNote(file.checkpoint);
    const signers = signatures.map(({ name, keyId }) => `${name} ${keyId}`).join("\n");
    if (signers !== [log, ...witnesses].map(({ name, keyId }) => `${name} ${keyId}`).join("\n")) {
      throw new ProofError("checkpoint", "other-signers");
    }
    const head = parseHead(signed);
    if (head.origin !== log.name) throw new ProofError("checkpoint", "other-log", { origin: head.origin, log: log.name });
    if (!(await ed25519(log.publicKey, utf8(signed), signatures[0].signature))) {
      throw new ProofError("checkpoint", "signature", { name: log.name });
    }
    const checked = [];
    for (const [i, witness] of witnesses.entries()) {
      const { signature } = signatures[i + 1];
      const wrong = new ProofError("checkpoint", "signature", { name: witness.name });
      if (signature.length !== COSIGNATURE_BYTES[witness.type]) throw wrong;
      const time = cosignatureTime(signature);
      const known = witness.type === ED25519_COSIGNATURE;
      if (known) {
        const message = utf8(`cosignature/v1\ntime ${time}\n${signed}`);
        if (!(await ed25519(witness.publicKey, message, signature.subarray(8)))) throw wrong;
      }
      checked.push({ name: witness.name, time: Number(time), checked: known });
    }
    return { head, witnesses: checked };
  }

  // Inclusion: RFC 9162, section 2.1.3.2.

  async function checkInclusion(entry, head) {
    const wrong = new ProofError("entries", "not-in-log", { index: entry.index });
    let [position, last] = [BigInt(entry.index), head.size - 1n];
    if (position > last) throw wrong;
    let computed = await sha256(concat([0], entry.bytes));
    for (const sibling of entry.hashes) {
      if (last === 0n) throw wrong;
      if (position & 1n || position === last) {
        computed = await sha256(concat([1], sibling, computed));
        while (!(position & 1n) && position) [position, last] = [position >> 1n, last >> 1n];
      } else {
        computed = await sha256(concat([1], computed, sibling));
      }
      [position, last] = [position >> 1n, last >> 1n];
    }
    if (last !== 0n || !equal(computed, head.root)) throw wrong;
  }

  // Openings of private fields: engine/commitment.py.

  async function hmac(key, message) {
    const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    return hex(new Uint8Array(await crypto.subtle.sign("HMAC", imported, message)));
  }

  async function checkOpening(opening, content, index) {
    const committed = Object.hasOwn(content, PRIVATE_MEMBER) ? content[PRIVATE_MEMBER] : null;
    const field = Object.hasOwn(opening.fields, opening.name) ? opening.fields[opening.name] : null;
    if (
      field !== (await hmac(opening.fieldKey, utf8(canonical(opening.value)))) ||
      committed !== (await hmac(opening.wholeKey, utf8(canonical(opening.fields))))
    ) {
      throw new ProofError("openings", "opening", { index, name: opening.name });
    }
  }

  /**
   * Checks a proof file and calls `report(step, details)` for each step that holds: "file", "key", "checkpoint",
   * "witnesses", "entries", "openings". Throws ProofError at the first that does not.
   *
   * `bytes` is the file, `trusted` the verifier keys that the reader trusts; with none, the file's own key is used.
   * Returns [{index, text, content, openings}], the entries.
   */
  async function check(bytes, trusted, report) {
    const file = parse(bytes);
    const log = await parseVkey(file.log);
    const witnesses = await Promise.all(file.witnesses.map(parseVkey));
    if (log?.type !== ED25519 || witnesses.some((witness) => !witness || witness.type === ED25519)) {
      throw new ProofError("file", "bad-key");
    }
    report("file", { bytes: bytes.length });

    const keys = await Promise.all(trusted.map(parseVkey));
    const bad = keys.findIndex((key) => key?.type !== ED25519);
    if (bad >= 0) throw new ProofError("key", "not-a-key", { key: trusted[bad] });
    if (keys.length && !trusted.includes(file.log)) {
      throw new ProofError("key", "untrusted", { file: file.log, trusted: trusted.join("\n") });
    }
    report("key", { given: keys.length > 0, vkey: file.log, name: log.name });

    const { head, witnesses: cosigned } = await checkCheckpoint(file, log, witnesses);
    report("checkpoint", { origin: head.origin, size: head.size, root: toBase64(head.root) });
    report("witnesses", { witnesses: cosigned });

    const entries = [];
    for (const entry of file.entries) {
      let content;
      try {
        content = parseCanonical(entry.text);
      } catch {
        content = null;
      }
      if (!isObject(content)) throw new ProofError("entries", "not-an-entry", { index: entry.index });
      await checkInclusion(entry, head);
      entries.push({ index: entry.index, text: entry.text, content, openings: entry.openings });
    }
    report("entries", { count: entries.length });

    let opened = 0;
    for (const { index, content, openings } of entries) {
      for (const opening of openings) await checkOpening(opening, content, index);
      opened += openings.length;
    }
    if (opened) report("openings", { count: opened });
    return entries;
  }

  /** Returns whether a receiver's or giver's own signature, by a device key over a text, verifies. */
  async function checkDeviceSignature({ public_key: publicKey, text: statement, value }) {
    if (![publicKey, statement, value].every((item) => typeof item === "string")) return false;
    const [key, signature] = [fromBase64(publicKey), fromBase64(value)];
    return key?.length === 32 && signature?.length === 64 && ed25519(key, utf8(statement), signature);
  }

  return { check, checkDeviceSignature, MAX_BYTES };
})();
