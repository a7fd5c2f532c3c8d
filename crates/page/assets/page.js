// What the pages do beyond forms and links, for browsers that run scripts: every page works without it. Nothing here is
// asked of other hosts, and no text is ever read as HTML but our own pages.
"use strict";

(() => {
  const language = document.documentElement.lang;

  // Countdowns: "in 41 min", in the words that the server uses too.
  const units = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const part = (amount, unit) => {
    const words = document.body.dataset[unit];
    // Days have plural forms, which the browser knows; the other units are short words of our catalogue.
    if (words) return words.replace("{}", amount);
    return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(amount);
  };
  const span = (seconds) => {
    const first = Math.max(0, units.findIndex(([, size]) => seconds >= size));
    const [unit, size] = units[seconds < 1 ? 3 : first];
    let text = part(Math.floor(seconds / size), unit);
    const next = units[first + 1];
    if (next && seconds >= 1 && seconds % size >= next[1]) text += " " + part(Math.floor((seconds % size) / next[1]), next[0]);
    return text;
  };
  const count = () => {
    for (const time of document.querySelectorAll("time[data-until]")) {
      const left = Math.max(0, Math.round((Date.parse(time.dateTime) - Date.now()) / 1000));
      const sentence = document.body.dataset.in || "{}";
      const shown = sentence.replace("{}", span(left));
      if (time.textContent !== shown) time.textContent = shown;
    }
  };
  setInterval(count, 1000);

  // The parts of a page that change by themselves are fetched anew, at most once a second, and put in place of the old ones.
  // A row that shows the same as before stays the element it is: ticked, open and focused as it was.
  const freshen = (from, to) => {
    const rows = new Map();
    for (const row of to.querySelectorAll("tr[data-key]")) rows.set(row.dataset.key, row);
    for (const row of from.querySelectorAll("tr[data-key]")) {
      const old = rows.get(row.dataset.key);
      if (!old) continue;
      const more = old.nextElementSibling;
      if (old.dataset.version === row.dataset.version) row.replaceWith(old);
      else row.querySelector("[name=address]").checked = old.querySelector("[name=address]").checked;
      if (more && more.matches(".more")) (old.dataset.version === row.dataset.version ? old : row).after(more);
    }
    to.replaceChildren(...from.childNodes);
  };
  const refresh = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    // Signed out meanwhile, or the program is starting anew: what is shown stays.
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focused = document.activeElement;
    for (const from of page.querySelectorAll("[data-part]")) {
      const to = document.querySelector(`[data-part="${from.dataset.part}"]`);
      if (!to || from.innerHTML === to.innerHTML) continue;
      // Whoever is in the middle of a part that would be rebuilt is not disturbed, but in the list only changed rows are.
      if (from.dataset.part !== "bans" && to.contains(document.activeElement)) continue;
      if (to.querySelector("details[open]")) for (const more of from.querySelectorAll("details")) more.open = true;
      freshen(from, to);
    }
    const blocked = page.querySelector("[data-blocked]");
    if (blocked) for (const at of document.querySelectorAll("[data-blocked]")) at.textContent = blocked.textContent;
    if (focused && focused !== document.activeElement && document.contains(focused)) focused.focus({ preventScroll: true });
    ready();
  };

  let due = null;
  const soon = () => {
    if (due || document.hidden) return;
    due = setTimeout(async () => {
      try { await refresh(); } catch { /* The next event tries again. */ }
      due = null;
    }, 1000);
  };
  if (document.querySelector("main[data-live]") && window.EventSource) {
    const events = new EventSource("/api/v1/events");
    for (const name of ["banned", "lifted", "settings", "trial", "lagged"]) events.addEventListener(name, soon);
    document.addEventListener("visibilitychange", () => document.hidden || soon());
    addEventListener("pagehide", () => events.close());
  }

  // The lines behind a row, below it.
  const why = async (link) => {
    const row = link.closest("tr");
    const open = row.nextElementSibling;
    if (open && open.matches(".more")) {
      open.remove();
      link.setAttribute("aria-expanded", "false");
      return;
    }
    const answer = await fetch(link.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const told = page.querySelector("[data-part=why]");
    if (!answer.ok || !told) return location.assign(link.href);
    const more = document.createElement("tr");
    more.className = "more";
    const cell = more.insertCell();
    cell.colSpan = row.cells.length;
    cell.append(...told.childNodes);
    row.after(more);
    link.setAttribute("aria-expanded", "true");
    count();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-why]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    why(link).catch(() => location.assign(link.href));
  });

  // One box for all of a page's.
  const boxes = () => [...document.querySelectorAll("#bans [name=address]")];
  const ready = () => {
    const all = document.querySelector("[data-all]");
    if (all) {
      const ticked = boxes().filter((box) => box.checked).length;
      all.hidden = false;
      all.checked = ticked > 0 && ticked === boxes().length;
      all.indeterminate = ticked > 0 && !all.checked;
    }
    for (const link of document.querySelectorAll("a[data-why]:not([aria-expanded])")) link.setAttribute("aria-expanded", "false");
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) for (const box of boxes()) box.checked = event.target.checked;
    if (event.target.closest("#bans")) ready();
  });

  // The menu of a small screen closes when one looks elsewhere.
  document.addEventListener("click", (event) => {
    const menu = document.querySelector("details.top[open]");
    if (menu && !menu.contains(event.target)) menu.open = false;
  });

  ready();
})();
