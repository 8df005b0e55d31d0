// The workbench: every change of the form shows its picture and its URLs.
const form = document.getElementById("try");
const picture = document.getElementById("result");
const fault = document.getElementById("fault");
const outcome = document.getElementById("outcome");
const canvas = document.getElementById("canvas");
const addresses = ["path-url", "query-url"].map((id) => document.getElementById(id));
const PAUSE_MS = 200;
let timer = 0;
let running = new AbortController();
let shownBlob = "";

// Only what differs from the defaults is asked for, in the order of the form.
function askedFor() {
  const pairs = [];
  for (const field of form.elements) {
    const value = field.type === "checkbox" ? (field.checked ? field.value : "") : field.value.trim();
    if (field.name && value !== "" && value !== field.dataset.default) pairs.push([field.name, value]);
  }
  return pairs;
}

// As readable as a query may be (RFC 3986 §3.4).
function query(pairs) {
  const encode = (text) => encodeURIComponent(text).replace(/%(2C|2F|3A)/g, decodeURIComponent);
  return pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
}

function addressOf(base, pairs) {
  if (!pairs.length) return base;
  return `${base}${base.includes("?") ? "&" : "?"}${query(pairs)}`;
}

function showAddresses(pairs) {
  for (const link of addresses) {
    link.href = addressOf(link.dataset.base, pairs);
    link.lastChild.data = link.href;
  }
  addresses[0].closest("ul").hidden = false;
  history.replaceState(null, "", `?${query(pairs) || "width="}`);
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(2)} MB`;
}

function showFault(text) {
  fault.textContent = text;
  const name = text.split(":")[0];
  for (const field of form.elements) {
    if (field.name === name) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

async function problemOf(answer) {
  try {
    const problem = await answer.json();
    return problem.detail || problem.title;
  } catch {
    return `the server answered ${answer.status}`;
  }
}

async function showPicture(answer, started) {
  const blob = await answer.blob();
  const url = URL.createObjectURL(blob);
  const next = new Image();
  next.src = url;
  await next.decode();
  if (shownBlob) URL.revokeObjectURL(shownBlob);
  shownBlob = url;
  picture.width = next.naturalWidth;
  picture.height = next.naturalHeight;
  picture.src = url;
  picture.hidden = false;
  const format = blob.type.replace("image/", "").toUpperCase();
  const from = answer.headers.get("X-From-Cache") === "True" ? "from the cache" : "made now";
  const taken = Math.max(1, Math.round(performance.now() - started));
  outcome.textContent = `${next.naturalWidth} × ${next.naturalHeight} px · ${format} · ${size(blob.size)} · ${from} in ${taken} ms`;
}

async function show() {
  const pairs = askedFor();
  running.abort();
  running = new AbortController();
  const { signal } = running;
  showAddresses(pairs);
  canvas.classList.add("busy");
  try {
    const started = performance.now();
    const address = addressOf(addresses[1].dataset.base, [...pairs, ["stats", "0"]]);
    const answer = await fetch(address, { signal, headers: { Accept: "image/avif, image/webp, application/problem+json" } });
    if (answer.ok) await showPicture(answer, started);
    showFault(answer.ok ? "" : await problemOf(answer));
  } catch (error) {
    if (signal.aborted) return;
    showFault(error.name === "EncodingError" ? "This browser cannot show the format; the URL is right." : "The server cannot be reached.");
  }
  if (!signal.aborted) canvas.classList.remove("busy");
}

function sliderOf(field) {
  return form.querySelector(`input[type=range][data-for="${field.id}"]`);
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(show, PAUSE_MS);
}

form.addEventListener("input", (event) => {
  const field = event.target;
  if (field.type === "range") document.getElementById(field.dataset.for).value = field.value;
  else if (field.type === "number") {
    const slider = sliderOf(field);
    if (slider) slider.value = field.value || field.dataset.default || slider.min;
  }
  soon();
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  show();
});

// Start over: as the page is without anything asked for.
form.addEventListener("reset", (event) => {
  event.preventDefault();
  location.assign(location.pathname);
});
