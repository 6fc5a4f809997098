// The shell: which section is open, theme, tables that sort and turn pages, files that are saved.
"use strict";
const Page = (() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const root = document.documentElement;
  const spec = JSON.parse($("#pack")?.textContent ?? "null");

  // make builds an element; text is always text.
  const make = (name, attributes = {}, ...children) => {
    const e = document.createElement(name);
    for (const [k, v] of Object.entries(attributes)) if (v !== undefined && v !== false) e.setAttribute(k, v === true ? "" : v);
    e.append(...children);
    return e;
  };

  // ---------- words
  const whole = (v) => Math.round(v).toLocaleString("en-GB").replace("-", "−");
  const decimal = (v, d) => v.toLocaleString("en-GB", { minimumFractionDigits: d, maximumFractionDigits: d }).replace("-", "−");
  const sign = root.dataset.sign ?? "";
  const money = (v, d = 0) => (v < 0 ? "−" : "") + sign + decimal(Math.abs(v), d);
  const people = (n) => `${whole(n)} customer${n === 1 ? "" : "s"}`;

  let toasting;
  const toast = (text) => {
    const e = $("#toast");
    e.textContent = text;
    e.classList.add("on");
    clearTimeout(toasting);
    toasting = setTimeout(() => e.classList.remove("on"), 4000);
  };

  // ---------- files
  // What a spreadsheet would take for a formula gets an apostrophe, as pkg/export does.
  const field = (value) => {
    let s = String(value ?? "");
    if (/^[=+\-@\t\r]/.test(s)) s = "'" + s;
    return /[",\n\r]/.test(s) ? '"' + s.replaceAll('"', '""') + '"' : s;
  };
  const number = (value) => ({ toString: () => String(value), number: true });
  const save = (name, rows) => {
    const lines = rows.map((r) => r.map((v) => (v?.number ? String(v) : field(v))).join(","));
    const url = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv;charset=utf-8" }));
    const a = make("a", { href: url, download: `clientele-${root.dataset.asOf}-${name.replace(/[^a-z0-9_-]+/gi, "-")}.csv` });
    document.body.append(a);
    a.click();
    a.remove();
    setTimeout(() => URL.revokeObjectURL(url), 5000);
    toast(`${whole(rows.length - 1)} rows saved as ${a.download}`);
  };
  const text = (cell) => (cell.querySelector("bdi, code, .chip")?.textContent ?? cell.textContent).trim();
  const saveTable = (id, name) => {
    const t = document.getElementById(id);
    const rows = [...t.tHead.rows, ...[...t.tBodies].flatMap((b) => [...b.rows]), ...(t.tFoot?.rows ?? [])];
    save(name, rows.map((r) => [...r.cells].map((c) => (c.dataset.v !== undefined && c.dataset.v !== "" && isFinite(c.dataset.v) ? number(c.dataset.v) : text(c)))));
  };

  // ---------- tables
  const pager = (at, page, pages, go) => {
    const button = (label, to, off) => {
      const b = make("button", { type: "button", class: "btn sm", disabled: off }, label);
      b.addEventListener("click", () => {
        go(to);
        const [back, next] = $$("button", at);
        ((label === "Back") === back.disabled ? next : back).focus();
      });
      return b;
    };
    at.replaceChildren(make("span", { role: "status" }, `Page ${whole(page + 1)} of ${whole(pages)}`), make("div", {}, button("Back", page - 1, page === 0), button("Next", page + 1, page >= pages - 1)));
  };
  const narrow = matchMedia("(max-width: 640px)");
  // On a phone the head is hidden, and this choice sorts instead.
  const chooser = (table) => {
    if (!table.classList.contains("stack")) return;
    const buttons = $$("thead button", table);
    const select = make("select", {}, ...[new Option("As listed", "")], ...buttons.map((b, i) => new Option(b.textContent, i)));
    const on = buttons.findIndex((b) => b.closest("th").hasAttribute("aria-sort"));
    if (on >= 0) select.value = on;
    select.addEventListener("change", () => select.value !== "" && buttons[select.value].click());
    table.parentElement.before(make("label", { class: "fld sortsel script" }, "Sort by ", select));
  };
  // A table that is wider than its box is set closer, and last it becomes a list, as all do on a phone.
  const fit = (box) => {
    const t = $("table", box), choose = box.previousElementSibling?.classList.contains("sortsel") ? box.previousElementSibling : null;
    if (!t || !box.clientWidth) return;
    t.classList.remove("dense", "shapes", "tight");
    for (const step of ["dense", ...(t.classList.contains("matrix") ? ["shapes"] : []), "tight"]) {
      if (box.scrollWidth <= box.clientWidth + 1) break;
      if (step !== "tight" || t.id !== "cohorts") t.classList.add(step); // as many columns as rows: a list would be endless
    }
    choose?.classList.toggle("on", t.classList.contains("tight"));
  };
  const fitted = new WeakMap();
  const boxes = new ResizeObserver((entries) => requestAnimationFrame(() => entries.forEach(({ target }) => {
    if (fitted.get(target) === target.clientWidth) return;
    fitted.set(target, target.clientWidth);
    fit(target);
  })));
  const setSort = (th, direction) => {
    for (const h of th.parentElement.cells) h.removeAttribute("aria-sort");
    th.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
  };
  const tabular = (table) => {
    const size = () => (+table.dataset.page ? (narrow.matches ? Math.min(8, +table.dataset.page) : +table.dataset.page) : 0);
    const body = table.tBodies[0], rows = [...body.rows];
    let page = 0, under = null;
    const paint = () => {
      const per = size() || rows.length, pages = Math.max(1, Math.ceil(rows.length / per));
      page = Math.min(page, pages - 1);
      rows.forEach((r, i) => (r.hidden = i < page * per || i >= (page + 1) * per));
      body.append(...rows);
      if (under) pager(under, page, pages, (p) => { page = p; paint(); });
    };
    if (size() && rows.length > size()) table.parentElement.after((under = make("div", { class: "pager" })));
    const value = (row, i) => {
      const c = row.cells[i], v = c.dataset.v ?? text(c);
      return v === "" || isNaN(v) ? v.toLowerCase() : +v;
    };
    [...table.tHead.rows[0].cells].forEach((th, i) => {
      const b = make("button", { type: "button" }, ...th.childNodes);
      th.append(b);
      b.addEventListener("click", () => {
        const now = th.getAttribute("aria-sort");
        const direction = now ? (now === "ascending" ? -1 : 1) : th.classList.contains("num") ? -1 : 1;
        setSort(th, direction);
        rows.sort((a, b) => {
          const x = value(a, i), y = value(b, i);
          if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
          return (x < y ? -1 : x > y ? 1 : 0) * direction;
        });
        page = 0;
        paint();
      });
    });
    chooser(table);
    narrow.addEventListener("change", paint);
    paint();
  };

  // ---------- sections: the address says which is open
  const opened = new Map(); // section → what to do when it is opened, with the rest of the address
  const tabs = $$("section.tab"), links = $$(".nav a");
  const go = (focus) => {
    const [wanted, ...rest] = location.hash.slice(1).split("/");
    const tab = tabs.find((t) => t.id === wanted) ?? tabs[0];
    for (const t of tabs) t.classList.toggle("on", t === tab);
    for (const a of links) {
      const on = a.dataset.tab === tab.id;
      on ? a.setAttribute("aria-current", "page") : a.removeAttribute("aria-current");
      const strip = a.closest(".nav");
      if (on) strip.scrollLeft = a.offsetLeft - strip.clientWidth / 2 + a.clientWidth / 2;
    }
    document.title = `${$("h2", tab).textContent} · ${$("h1").textContent}`.slice(0, 200);
    if (focus) {
      scrollTo(0, 0);
      $("h2", tab).focus({ preventScroll: true });
    }
    let arg = "";
    try { arg = decodeURIComponent(rest.join("/")); } catch { /* an address that somebody has cut */ }
    opened.get(tab.id)?.(arg);
  };

  // Commands have the root for which the page was written, as far as its address tells: a page that was moved leaves it open.
  const fill = () => {
    const [, root] = decodeURIComponent(location.pathname).match(/^(.*)\/runs\/.+\/report\/[0-9a-f]+\/report\.html$/) ?? [];
    const store = { "file:": "file://", "https:": location.host === "storage.cloud.google.com" ? "gs:/" : "" }[location.protocol];
    if (!root || !store) return;
    const word = /^[\w@%+=:,./-]+$/.test(root) ? store + root : `'${(store + root).replaceAll("'", "'\\''")}'`;
    for (const pre of $$(".command pre")) pre.textContent = pre.textContent.replace("--root=…", () => `--root=${word}`);
  };

  const start = () => {
    fill();
    $$(".tw").forEach((box) => boxes.observe(box));
    $$("table[data-sort]").forEach(tabular);
    addEventListener("hashchange", () => (location.hash === "#main" ? $("#main").focus() : go(true)));
    go(false);
  };

  document.addEventListener("click", (e) => {
    const b = e.target.closest("[data-save], [data-copy], [data-theme-button], [data-print]");
    if (!b) return;
    if (b.dataset.save?.startsWith("table:")) saveTable(...b.dataset.save.split(":").slice(1));
    if ("copy" in b.dataset) {
      const command = $("pre", b.parentElement).textContent;
      navigator.clipboard ? navigator.clipboard.writeText(command).then(() => toast("Copied"), () => toast("The browser does not let the page copy; select the text")) : toast("The browser does not let the page copy; select the text");
    }
    if ("print" in b.dataset) print();
    if ("themeButton" in b.dataset) {
      const next = { undefined: "light", light: "dark", dark: "" }[root.dataset.theme];
      next ? (root.dataset.theme = next) : delete root.dataset.theme;
      try { localStorage.setItem("clientele-theme", next); } catch { /* no storage: until the page is closed */ }
      label();
    }
  });
  const label = () => $$("[data-theme-button]").forEach((b) => (b.textContent = `Theme: ${root.dataset.theme ?? "auto"}`));
  label();

  return { $, $$, make, whole, decimal, money, sign, people, save, number, pager, chooser, fit, setSort, narrow, spec, opened, start, toast };
})();
