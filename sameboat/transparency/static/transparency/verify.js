// The page around check-proof.js: takes a file, shows step by step what was checked, and the entries in readable words.
"use strict";

(() => {
  const SEALS = {
    verified:
      '<rect class="seal-ground" x="1" y="1" width="22" height="22" rx="2.5"/><path class="seal-cut" d="M11 4.8 5.6 6.4V18.6M5.6 11.8H10.6M5.6 18 10.8 16.6M13.4 6.2H18.8V14.6Q18.8 16.2 16.4 15.8M13.4 6.2V20.4"/>',
    hollow: '<rect class="seal-outline" x="2" y="2" width="20" height="20" rx="2.5"/>',
    tick: '<path class="tick" d="M4.5 12.5 10 18 19.5 6.5"/>',
    failed:
      '<rect class="seal-outline" x="2" y="2" width="20" height="20" rx="2.5"/><path class="seal-cross" d="M7 7 17 17M17 7 7 17"/>',
  };
  const MEMBERS = ["event_time", "recorded_at", "actor", "subjects", "data"];
  const APART = ["type", "v", "private", ...MEMBERS];
  const UNABLE = ["file unreadable", "file format", "key not-a-key", "checkpoint no-ed25519"]; // says nothing of the file
  const STATEMENT_START = "sameboat-statement/v1\n";

  const $ = (id) => document.getElementById(id);
  const pageKeys = Array.from(document.querySelectorAll('meta[name="sameboat-log-key"]'), (meta) => meta.content);
  let language = firstLanguage();
  let chosen = null; // the file's bytes, or null if it could not be read
  let outcome = null; // what the last check found

  function firstLanguage() {
    const wanted = [location.hash.slice(1), ...(navigator.languages ?? [])].find((tag) => /^(en|zh)/i.test(tag));
    return /^zh/i.test(wanted ?? "") ? "zh-Hans" : "en";
  }

  const words = () => verifyWords[language];
  const fill = (pattern, values = {}) => pattern.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  /** The reader's own region, as for the order of a date, if the browser names one in this language. */
  const locale = () => navigator.languages.find((tag) => tag.slice(0, 2) === language.slice(0, 2)) ?? language;
  const number = (value) => value.toLocaleString(locale());

  /** Returns an element; text is set as text, so nothing in a file can become markup. */
  function make(tag, className, ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  function seal(kind) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("class", `seal seal-${kind}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", words().seals[kind]);
    svg.innerHTML = SEALS[kind];
    return svg;
  }

  // Entries in readable words

  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const name = (key) => words().names[key] ?? key.replaceAll("_", " ");

  function time(value) {
    const date = new Date(value);
    const hasTime = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(value);
    if (!hasTime || Number.isNaN(date.getTime())) return value;
    const shown = make("time", "", date.toLocaleString(locale(), { dateStyle: "long", timeStyle: "long" }));
    shown.dateTime = value;
    return shown;
  }

  function shown(value) {
    if (value === null) return make("span", "unknown", words().unknown);
    if (typeof value === "boolean") return value ? words().yes : words().no;
    if (Array.isArray(value)) return make("ul", "", ...value.map((item) => make("li", "", shown(item))));
    if (typeof value === "object") return object(value);
    return typeof value === "string" ? time(value) : number(value);
  }

  function object(value) {
    const keys = Object.keys(value);
    if (keys.join() === "currency,units") return money(value);
    const pairs = keys.map((key) => [name(key), shown(value[key])]);
    if (keys.includes("item") && keys.includes("unit") && !keys.includes("quantity")) pairs.push([name("quantity"), shown(null)]);
    return list(pairs);
  }

  function money({ currency, units }) {
    try {
      const format = new Intl.NumberFormat(locale(), { style: "currency", currency, currencyDisplay: "code" });
      return format.format(units / 10 ** format.resolvedOptions().maximumFractionDigits);
    } catch {
      return `${number(units)} ${currency}`;
    }
  }

  const list = (pairs) => make("dl", "", ...pairs.flatMap(([term, value]) => [make("dt", "", term), make("dd", "", value)]));

  /** Returns what signed the event itself: a device key, whose signature was checked, or somebody's account. */
  function signature(signed, verifies) {
    const method = signed.method === "device-key" ? (verifies ? "good" : "bad") : "account";
    const sentence = fill(words().signatures[method], { key: String(signed.public_key) });
    const kind = { good: "verified", bad: "failed", account: "hollow" }[method];
    return make("div", "signature", seal(kind), make("p", method === "bad" ? "problem" : "", sentence));
  }

  function statement(text) {
    try {
      return object(JSON.parse(text.slice(STATEMENT_START.length)));
    } catch {
      return text;
    }
  }

  function entry({ index, text, content, openings, deviceKeyVerifies }, origin, kind) {
    const { signed, ...data } = isObject(content.data) ? content.data : {};
    const said = { ...content, data: isObject(content.data) ? data : content.data };
    const pairs = MEMBERS.filter((key) => Object.hasOwn(content, key)).map((key) => [words().members[key], shown(said[key])]);
    for (const [key, value] of Object.entries(content)) if (!APART.includes(key)) pairs.push([name(key), shown(value)]);
    if (isObject(signed)) pairs.push([words().signedBy, signature(signed, deviceKeyVerifies)]);
    if (typeof signed?.text === "string") pairs.push([words().signedText, statement(signed.text)]);
    for (const opening of openings) pairs.push([fill(words().opened, { name: name(opening.name) }), shown(opening.value)]);
    const type = typeof content.type === "string" ? content.type : "";
    return make(
      "li",
      "",
      make("div", "entry-title", seal(kind), make("h3", "", words().events[type] ?? type)),
      make("p", "entry-place", fill(words().place, { index: number(index), origin })),
      list(pairs),
      typeof content.private === "string" && !openings.length
        ? make("p", "entry-place", fill(words().committed, { value: `${content.private.slice(0, 16)}…` }))
        : null,
      make("details", "", make("summary", "", words().exact), make("pre", "", text)),
    );
  }

  // Steps

  function witnessLine({ name: witness, time: seconds, checked }) {
    const at = seconds ? new Date(seconds * 1000).toLocaleString(locale(), { dateStyle: "long", timeStyle: "short" }) : "";
    const pattern = checked ? (seconds ? words().done.witness : words().done.witnessNoTime) : words().done.witnessUnchecked;
    return make("li", "", fill(pattern, { name: witness, time: at }));
  }

  function stepText(step, details) {
    const done = words().done;
    if (step === "key") {
      if (!details.given) return [exact(done.keyFile, "vkey", details.vkey)];
      return [make("p", "", fill(details.fromPage ? done.keyPage : done.keyGiven, details))];
    }
    if (step === "checkpoint") return [exact(fill(done.checkpoint, { ...details, size: number(details.size), root: "{root}" }), "root", details.root)];
    if (step === "witnesses") {
      if (!details.witnesses.length) return [make("p", "", done.witnessNone)];
      return [make("ul", "", ...details.witnesses.map(witnessLine)), make("p", "", done.witnessKeys)];
    }
    const pattern = details.count === 1 ? done[`${step}One`] : done[step];
    return [make("p", "", fill(pattern, { bytes: number(details.bytes ?? 0), n: number(details.count ?? 0) }))];
  }

  function exact(pattern, hole, value) {
    const [head, tail] = pattern.split(`{${hole}}`);
    return make("p", "", head, make("span", "exact", value), tail ?? "");
  }

  /** The red seal is for signatures that verify; what holds without being one gets a tick. */
  function stepSeal(step, details) {
    if (step === "checkpoint") return "verified";
    if (step === "witnesses") return details.witnesses.some((witness) => witness.checked) ? "verified" : "hollow";
    return step === "key" && !details.given ? "hollow" : "tick";
  }

  function failure({ step, code, details }) {
    const shownDetails = Object.fromEntries(
      Object.entries(details).map(([key, value]) => [key, typeof value === "number" ? number(value) : value]),
    );
    return make("p", "problem", fill(words().failures[`${step} ${code}`], shownDetails));
  }

  function show() {
    document.documentElement.lang = language;
    document.title = `${words().title} · Sameboat 同舟`;
    for (const element of document.querySelectorAll("[data-text]")) element.textContent = words()[element.dataset.text];
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    if (outcome) showOutcome();
  }

  function showOutcome() {
    const { steps, entries, error, given, origin } = outcome;
    const unable = UNABLE.includes(`${error?.step} ${error?.code}`);
    const kind = error && !unable ? "failed" : given && !error ? "verified" : "hollow";
    const plural = words().entry[new Intl.PluralRules(language).select(entries.length)] ?? words().entry.other;
    const count = fill(plural, { n: number(entries.length) });
    const verdict = unable ? words().unable : error ? words().failed : given ? fill(words().verified, { entries: count }) : words().consistent;
    const items = steps.map(([step, details]) =>
      make(
        "li",
        "",
        seal(stepSeal(step, details)),
        make("div", "", make("strong", "", words().steps[step]), ...stepText(step, details)),
      ),
    );
    if (error) {
      items.push(make("li", "", seal(kind), make("div", "", make("strong", "", words().steps[error.step]), failure(error))));
    }
    const title = make("h2", "", verdict);
    title.tabIndex = -1;
    $("result").replaceChildren(
      make("div", `verdict ${kind}`, seal(kind), title, !error && !given ? make("p", "", words().consistentMore) : null),
      make("h2", "", words().stepsTitle),
      make("ol", "steps", ...items),
      ...(entries.length
        ? [make("h2", "", words().entriesTitle), make("ol", "entries", ...entries.map((item) => entry(item, origin, kind)))]
        : []),
    );
    $("result").hidden = false;
  }

  async function check() {
    const typed = $("key").value.split(/\s+/).filter(Boolean);
    const trusted = typed.length ? typed : pageKeys;
    const found = { steps: [], entries: [], error: null, given: trusted.length > 0, origin: "" };
    const report = (step, details) => {
      if (step === "checkpoint") found.origin = details.origin;
      found.steps.push([step, { ...details, fromPage: !typed.length }]);
    };
    $("result").replaceChildren(make("p", "", words().working));
    $("result").hidden = false;
    try {
      if (chosen === null) throw new ProofError("file", "unreadable");
      found.entries = await proofChecker.check(chosen, trusted, report);
      for (const item of found.entries) {
        const signed = item.content.data?.signed;
        item.deviceKeyVerifies = signed?.method === "device-key" && (await proofChecker.checkDeviceSignature(signed));
      }
    } catch (error) {
      if (!(error instanceof ProofError)) throw error;
      found.error = error;
    }
    outcome = found;
    if (!found.error && !found.given) $("key-details").open = true;
    $("again").disabled = false;
    showOutcome();
    $("result").querySelector("h2").focus();
  }

  async function take(file) {
    if (!file) return;
    try {
      chosen = new Uint8Array(await file.slice(0, proofChecker.MAX_BYTES + 1).arrayBuffer());
    } catch {
      chosen = null;
    }
    await check();
  }

  $("file").addEventListener("change", (event) => take(event.target.files[0]));
  $("again").addEventListener("click", check);
  $("form").addEventListener("submit", (event) => event.preventDefault());
  for (const type of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      $("drop").classList.toggle("over", type === "dragover");
      if (type === "drop") take(event.dataTransfer.files[0]);
    });
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => {
      language = button.dataset.language;
      show();
    });
  }
  if (globalThis.crypto?.subtle) {
    $("unsupported").hidden = true;
    $("form").hidden = false;
  }
  show();
})();
