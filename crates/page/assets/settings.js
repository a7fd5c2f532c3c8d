// What the pages with settings do beyond their forms, for browsers that run scripts: the slider, rows that move at once, and a
// form that shows what it would do while somebody types. Everything here is also done by a button.
"use strict";
(() => {
  const WAIT_MS = 600;

  // The server draws the form again; only the parts marked `data-fresh` take the place of the old ones.
  const live = (form) => {
    let waiting = 0, asked = 0;
    const ask = async () => {
      const body = new URLSearchParams(new FormData(form));
      body.set("act", "check");
      const mine = ++asked;
      let html;
      try {
        const answer = await fetch(form.getAttribute("action"), { method: "POST", body, redirect: "manual" });
        if (answer.status !== 200 && answer.status !== 422) return;
        html = await answer.text();
      } catch { return; }
      if (mine !== asked) return;
      const fresh = new DOMParser().parseFromString(html, "text/html");
      for (const part of form.querySelectorAll("[data-fresh]")) {
        const other = fresh.getElementById(part.id);
        if (part.contains(document.activeElement) || !other) continue;
        if (part.innerHTML !== other.innerHTML) part.replaceChildren(...other.cloneNode(true).childNodes);
      }
      for (const field of form.querySelectorAll("input[id], textarea[id]")) {
        const other = fresh.getElementById(field.id);
        if (!other) continue;
        if (other.hasAttribute("aria-invalid")) field.setAttribute("aria-invalid", "true");
        else field.removeAttribute("aria-invalid");
      }
    };
    const changed = () => {
      const note = form.querySelector("[data-unsaved]");
      if (note && note.textContent !== form.dataset.dirty) note.textContent = form.dataset.dirty;
      clearTimeout(waiting);
      waiting = setTimeout(ask, WAIT_MS);
    };
    form.addEventListener("input", (event) => { if (!event.target.matches("[data-presets]")) changed(); });
    form.addEventListener("changed", changed);
    form.addEventListener("submit", () => { clearTimeout(waiting); asked++; });
  };

  const slider = (range) => {
    const form = range.form;
    const buttons = () => [...form.querySelectorAll("[data-preset]")];
    const names = ["max_retry", "find_time", "ban_time", "sip_limit"];
    const value = (button, name) => button.getAttribute("data-" + name);
    const show = () => {
      const at = buttons().findIndex((button) => names.every((name) => form.elements[name].value.trim() === value(button, name)));
      buttons().forEach((button, number) => button.setAttribute("aria-pressed", String(number === at)));
      range.toggleAttribute("data-own", at < 0);
      if (at >= 0) range.value = String(at);
      const own = form.querySelector(".own");
      if (own && at >= 0) own.remove();
      range.setAttribute("aria-valuetext", at < 0 ? (own ? own.textContent : "") : buttons()[at].querySelector("b").textContent);
    };
    const take = (button) => {
      for (const name of names) form.elements[name].value = value(button, name);
      show();
      form.dispatchEvent(new Event("changed"));
    };
    range.hidden = false;
    range.addEventListener("input", () => take(buttons()[Number(range.value)]));
    form.addEventListener("click", (event) => {
      const button = event.target.closest("[data-preset]");
      if (!button) return;
      event.preventDefault();
      take(button);
    });
    form.addEventListener("input", (event) => { if (names.includes(event.target.name)) show(); });
    show();
  };

  // Rows move at once; the order of the fields `row` is what the server reads.
  const rows = (list) => {
    const form = list.closest("form");
    const move = {
      up: (row) => row.previousElementSibling?.before(row),
      down: (row) => row.nextElementSibling?.after(row),
      remove: (row) => {
        const next = row.nextElementSibling ?? row.previousElementSibling;
        row.remove();
        (next?.querySelector("[data-move=remove]") ?? form.querySelector("[data-move=add]")).focus();
      },
    };
    const add = () => {
      const blank = document.getElementById("blank");
      const old = blank.content.querySelector("[data-row]").dataset.row;
      const taken = [...list.querySelectorAll("[data-row]")].map((row) => Number(row.dataset.row));
      const number = String(Math.max(0, ...taken) + 1);
      const copy = document.importNode(blank.content, true);
      for (const element of copy.querySelectorAll("*")) {
        for (const { name, value } of [...element.attributes]) {
          if (value.includes(old)) element.setAttribute(name, value.replaceAll(old, number));
        }
      }
      list.append(copy);
      list.closest("fieldset").removeAttribute("data-empty");
      list.lastElementChild.querySelector("input:not([type=hidden])").focus();
    };
    form.addEventListener("click", (event) => {
      const button = event.target.closest("[data-move]");
      if (!button) return;
      event.preventDefault();
      const row = button.closest(".rule");
      if (button.dataset.move === "add") add();
      else {
        move[button.dataset.move](row);
        if (row.isConnected) button.focus();
      }
      form.dispatchEvent(new Event("changed"));
    });
  };

  const copy = (button) => {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = button.dataset.copied;
    });
  };

  const example = (button) => button.addEventListener("click", (event) => {
    event.preventDefault();
    const chosen = document.getElementById("filter").selectedOptions[0];
    document.getElementById("lines").value = chosen?.dataset.example ?? "";
    document.getElementById("lines").focus();
  });

  // When the time to confirm is over, the page is asked anew: it says what holds then. The locked form has nothing to lose.
  const trial = (time) => {
    if (!document.querySelector("fieldset.table:disabled")) return;
    setTimeout(() => location.assign(location.pathname), Math.max(0, Date.parse(time.dateTime) - Date.now()) + 1500);
  };

  const each = (selector, what) => document.querySelectorAll(selector).forEach(what);
  each("form[data-live]", live);
  each("[data-presets]", slider);
  each("#rules", rows);
  each(".trial time[data-until]", trial);
  each("[data-copy]", copy);
  each("button[data-example]", example);
})();
