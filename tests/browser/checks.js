// Questions about a page as it is shown; each returns what is wrong, so that a good page gives an empty list.

function visible(element) {
  if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return false;
  const box = element.getBoundingClientRect();
  return box.width > 1 && box.height > 1;
}

function named(element) {
  const classes = element.className && typeof element.className === "string" ? `.${element.className.replaceAll(" ", ".")}` : "";
  return `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ""}${classes} ${element.textContent.trim().slice(0, 40)}`;
}

// --- Contrast (WCAG 2.2, 1.4.3 and 1.4.11)

function channels(color) {
  const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue, alpha / 255];
}

function over(top, under) {
  return [0, 1, 2].map((index) => top[index] * top[3] + under[index] * (1 - top[3])).concat(1);
}

function ground(element) {
  const layers = [];
  for (let place = element; place; place = place.parentElement) layers.push(channels(getComputedStyle(place).backgroundColor));
  return layers.reverse().reduce((under, top) => over(top, under), channels(getComputedStyle(document.documentElement).backgroundColor));
}

function luminance(color) {
  const [red, green, blue] = color.slice(0, 3).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function ratio(one, other) {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function faintText() {
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || seen.has(element) || !visible(element)) continue;
    seen.add(element);
    const style = getComputedStyle(element);
    const under = ground(element);
    const found = ratio(over(channels(style.color), under), under);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (found < (large ? 3 : 4.5)) faint.push(`${found.toFixed(2)}: ${named(element)}`);
  }
  return faint;
}

function faintFields() {
  return [...document.querySelectorAll("input:not([type=checkbox], [type=range]), select")].filter(visible).flatMap((field) => {
    const under = ground(field.parentElement);
    const edge = ratio(over(channels(getComputedStyle(field).borderTopColor), under), under);
    return edge < 3 ? [`${edge.toFixed(2)}: ${named(field)}`] : [];
  });
}

// --- Names, labels, structure

function nameOf(element) {
  if (element.getAttribute("aria-label")) return element.getAttribute("aria-label");
  const by = element.getAttribute("aria-labelledby");
  if (by) return by.split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ").trim();
  if (element.labels?.length) return [...element.labels].map((label) => label.textContent).join(" ").trim();
  const pictures = [...element.querySelectorAll("img")].map((image) => image.alt).join(" ");
  return `${element.textContent} ${pictures}`.trim();
}

function nameless() {
  const elements = document.querySelectorAll("a[href], button, input, select, textarea, summary, nav, [role]");
  return [...elements].filter((element) => !nameOf(element) && !["alert", "status"].includes(element.getAttribute("role"))).map(named);
}

function unclearLinks() {
  return [...document.querySelectorAll("a[href]")].filter((link) => /^(here|click|more|link)$/i.test(nameOf(link))).map(named);
}

function picturesWithoutAlt() {
  return [...document.images].filter((image) => !image.hasAttribute("alt")).map((image) => image.src);
}

function structureFaults() {
  const faults = [];
  const headings = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((heading) => Number(heading.tagName[1]));
  if (headings.filter((level) => level === 1).length !== 1) faults.push(`h1: ${headings}`);
  headings.forEach((level, index) => {
    if (level - (index ? headings[index - 1] : 0) > 1) faults.push(`skipped a level: ${headings}`);
  });
  for (const tag of ["header", "main", "footer"]) {
    if (document.querySelectorAll(`body > ${tag}`).length !== 1) faults.push(`not one ${tag}`);
  }
  if (!document.documentElement.lang) faults.push("no language");
  if (!document.title.trim()) faults.push("no title");
  const navigations = [...document.querySelectorAll("nav")].map(nameOf);
  if (new Set(navigations).size !== navigations.length) faults.push(`nav: ${navigations}`);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  if (new Set(ids).size !== ids.length) faults.push("an id twice");
  for (const element of document.querySelectorAll("ul > :not(li, script, template), ol > :not(li, script, template)")) faults.push(named(element));
  for (const element of document.querySelectorAll("[tabindex]")) if (element.tabIndex > 0) faults.push(`tabindex: ${named(element)}`);
  return faults;
}

// Targets of 24 × 24 px (2.5.8); links in running text need not be.
function smallTargets() {
  const elements = document.querySelectorAll("button, input, select, summary, nav a, .shot, .folder");
  return [...elements].filter(visible).flatMap((element) => {
    const label = element.labels?.[0]?.getBoundingClientRect();
    const box = element.getBoundingClientRect();
    const height = Math.max(box.height, label?.height ?? 0);
    return box.width < 24 || height < 22 ? [`${box.width.toFixed(0)}×${box.height.toFixed(0)} ${named(element)}`] : [];
  });
}

// --- Layout

function sticksOut() {
  const limit = document.documentElement.clientWidth + 1;
  if (document.documentElement.scrollWidth <= limit) return [];
  const wide = [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > limit);
  return [`scrolls to ${document.documentElement.scrollWidth}`, ...wide.slice(0, 5).map(named)];
}

function layoutShift() {
  return new Promise((resolve) => {
    let total = 0;
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) total += entry.value;
    });
    observer.observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve(total), 300);
  });
}

// --- Loading

function unloadedPictures(selector) {
  return [...document.querySelectorAll(selector)].filter((image) => !(image.complete && image.naturalWidth > 0)).map((image) => image.src);
}

function foreignRequests() {
  const entries = performance.getEntriesByType("resource").map((entry) => entry.name);
  return entries.filter((name) => !name.startsWith(location.origin) && !name.startsWith("blob:"));
}

// --- Focus

function focusState() {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const middle = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return {
    name: named(element),
    tag: element.tagName,
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inView: box.bottom > 0 && box.top < innerHeight,
    covered: Boolean(middle) && !element.contains(middle) && !middle.contains(element),
  };
}
