// The customers: columns that are read when first needed; their search, the panel of one, and the files.
"use strict";
const Customers = (() => {
  const { $, $$, make, whole, decimal, money, people, save, number, spec } = Page;
  const NONE = 65535, UNKNOWN = 255;
  const kinds = { u1: Uint8Array, i1: Int8Array, u2: Uint16Array, u4: Uint32Array, f8: Float64Array };

  // read unpacks the columns, once.
  let reading;
  const read = () => (reading ??= (async () => {
    const zipped = Uint8Array.from(atob($("#columns").textContent), (c) => c.charCodeAt(0));
    const bytes = await new Response(new Blob([zipped]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
    const c = { n: spec.n };
    for (const { name, type, at, size } of spec.columns) {
      c[name] = type === "json" ? JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, at, size))) : new kinds[type](bytes, at, size / kinds[type].BYTES_PER_ELEMENT);
    }
    c.row = new Map(c.ids.map((id, i) => [id, i]));
    return c;
  })());

  const segment = (place) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    svg.setAttribute("class", "gl");
    svg.setAttribute("viewBox", "0 0 12 12");
    svg.setAttribute("aria-hidden", "true");
    path.setAttribute("d", spec.shapes[place % spec.shapes.length]);
    path.setAttribute("fill", `var(--seg-${place})`);
    svg.append(path);
    return make("span", { class: "seg" }, svg, make("bdi", {}, spec.segments[place][1]));
  };
  const label = (place) => spec.segments[place][1];
  const product = (place) => (place === NONE ? "" : spec.products[place][0]);
  const called = (place) => (place === NONE ? "" : spec.products[place][1] || spec.products[place][0]);
  const average = (c, i) => (c.frequency[i] ? c.monetary[i] / c.frequency[i] : 0);
  const listOf = (c, i) => (c.list[i] === NONE ? "" : spec.lists[c.list[i]][1]);
  const named = (texts, place) => (place === NONE ? "" : texts[place]);
  const cut = (id) => (id.length > 60 ? id.slice(0, 60) + "…" : id);

  // ---------- files
  const header = ["customer", "list", "segment", "segment_name", "as_of", "nature", "country", "days_since_purchase", "invoices", "spent", "average_invoice", "usual_90", "list_product", "suggestion_1", "suggestion_2", "suggestion_3", "list_product_name", "suggestion_1_name", "suggestion_2_name", "suggestion_3_name"];
  const record = (c, i, list) => [c.ids[i], list, spec.segments[c.segment[i]]?.[0], spec.segments[c.segment[i]]?.[1], spec.as_of, named(spec.natures, c.nature[i]), named(spec.countries, c.country[i]),
    number(c.recency[i]), number(c.frequency[i]), number(c.monetary[i].toFixed(2)), number(average(c, i).toFixed(2)), Number.isNaN(c.usual[i]) ? "" : number(c.usual[i].toFixed(2)), product(c.list_code[i]), product(c.new_0[i]), product(c.new_1[i]), product(c.new_2[i]), called(c.list_code[i]), called(c.new_0[i]), called(c.new_1[i]), called(c.new_2[i])];
  const write = (c, name, rows, list, more = []) => save(name, [header, ...rows.map((i) => record(c, i, list ?? (c.list[i] === NONE ? "" : spec.lists[c.list[i]][0]))), ...more]);
  // Nobody who is held out is in a file.
  const every = (c, wanted) => Array.from({ length: c.n }, (_, i) => i).filter((i) => !c.held_out[i] && wanted(i));
  const file = async (of) => {
    const c = await read(), [kind, name] = [of.split(":", 1)[0], of.slice(of.indexOf(":") + 1)];
    const place = spec.segments.findIndex((s) => s[0] === name);
    switch (kind) {
      case "list": return write(c, name, every(c, (i) => c.list[i] !== NONE && spec.lists[c.list[i]][0] === name));
      case "lists": return write(c, "lists", every(c, (i) => c.list[i] !== NONE));
      case "segment": return write(c, `segment-${name}`, every(c, (i) => c.segment[i] === place), "segment");
      case "entrants": return write(c, `entrants-${name}`, every(c, (i) => c.segment[i] === place && c.previous[i] !== place), "entrants");
      case "leavers": return write(c, `leavers-${name}`, every(c, (i) => c.previous[i] === place && c.segment[i] !== place), "leavers",
        (spec.left ?? []).filter((g) => g[1] === name).map((g) => [g[0], "leavers", "", "", spec.as_of, ...Array(header.length - 5).fill("")]));
      case "filtered": return write(c, "customers", found.filter((i) => !c.held_out[i]));
    }
  };
  document.addEventListener("click", (e) => {
    const of = e.target.closest("[data-save]")?.dataset.save;
    if (of && !of.startsWith("table:")) file(of);
  });

  // ---------- search
  let found = [], page = 0, chosen = -1, key = "monetary", direction = -1;
  const keys = {
    id: (c) => (i) => c.ids[i], segment: (c) => (i) => c.segment[i], recency: (c) => (i) => c.recency[i], frequency: (c) => (i) => c.frequency[i],
    monetary: (c) => (i) => c.monetary[i], average: (c) => (i) => average(c, i), list: (c) => (i) => c.list[i],
  };
  const filter = (c) => {
    const id = $("#f-id").value.trim().toLowerCase(), want = (name) => $(`#f-${name}`).value;
    const s = want("segment"), l = want("list"), nature = want("nature"), country = want("country");
    found = [];
    for (let i = 0; i < c.n; i++) {
      if (id && !c.ids[i].toLowerCase().includes(id)) continue;
      if (s !== "" && c.segment[i] !== +s) continue;
      if (l !== "" && c.list[i] !== +l) continue;
      if (nature !== "" && named(spec.natures, c.nature[i]) !== nature) continue;
      if (country !== "" && named(spec.countries, c.country[i]) !== country) continue;
      found.push(i);
    }
    const value = keys[key](c);
    found.sort((a, b) => {
      const x = value(a), y = value(b);
      return x === y ? a - b : (x < y ? -1 : 1) * direction;
    });
    page = 0;
    paint(c);
    if (id && found.length === 1) show(c, found[0]);
  };
  const paint = (c) => {
    const per = Page.narrow.matches ? 8 : 25;
    const held = found.filter((i) => c.held_out[i]).length;
    $("#f-count").textContent = found.length ? `${people(found.length)}, ${money(found.reduce((sum, i) => sum + c.monetary[i], 0))}${spec.period}${held ? `; ${whole(held)} held out` : ""}` : "No customer fits. Loosen a filter.";
    $("#f-table tbody").replaceChildren(...found.slice(page * per, (page + 1) * per).map((i) => {
      const cell = (l, content, cls) => make("td", { "data-l": l, class: cls }, content instanceof Node ? content : make("bdi", {}, content));
      const b = make("button", { type: "button", class: "linkish", "data-i": i, "aria-pressed": String(i === chosen) }, make("bdi", {}, c.ids[i].slice(0, 400)));
      return make("tr", {}, make("th", { scope: "row" }, b), cell("Segment", c.segment[i] < 0 ? "–" : segment(c.segment[i])), cell("Last purchase, days", whole(c.recency[i]), "num"), cell("Invoices", whole(c.frequency[i]), "num"),
        cell("Spent", money(c.monetary[i]), "num"), cell("Average invoice", money(average(c, i)), "num"), cell("List", listOf(c, i) || (c.held_out[i] ? "held out" : "–")));
    }));
    Page.fit($("#f-table").parentElement);
    Page.pager($("#f-pager"), page, Math.ceil(found.length / per) || 1, (p) => { page = p; paint(c); });
  };

  // ---------- one customer
  const facts = (pairs) => make("dl", { class: "dl" }, ...pairs.map(([k, v]) => make("div", {}, make("dt", {}, k), make("dd", { class: "num" }, v))));
  const part = (title, ...children) => make("div", {}, make("h4", {}, title), ...children);
  const say = (text) => make("p", { class: "note" }, text);
  const known = (v, write) => (v === UNKNOWN || Number.isNaN(v) ? "–" : write(v));
  const reason = (c, k, i) => {
    const because = c[`because_${k}`][i], both = c[`both_${k}`][i], of = c[`out_of_${k}`][i];
    if (because === NONE) return "a best seller of the last 60 days";
    return both && of ? `${whole(both)} of ${whole(of)} customers with ${called(because)} bought it too` : `because of ${called(because)}`;
  };
  // What one customer spent by month: a picture, and its numbers.
  const byMonth = (c, i) => {
    const m = spec.months, spent = m.map((_, k) => c.spent[i * m.length + k]), most = Math.max(...spent, 1);
    const bars = make("div", { class: "bym", role: "img", "aria-label": `Spending by month from ${m[0]} to ${m.at(-1)}; the most, ${money(most)}, in ${m[spent.indexOf(Math.max(...spent))]}.` },
      ...spent.map((v, k) => make("i", { style: `height:${v ? Math.max(4, Math.round((100 * v) / most)) : 0}%`, title: `${m[k]}: ${money(v)}` })));
    const table = make("table", {}, make("caption", { class: "sr" }, "Spending by month"), make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Month"), make("th", { scope: "col", class: "num" }, "Spent"))),
      make("tbody", {}, ...spent.map((v, k) => make("tr", {}, make("th", { scope: "row" }, m[k]), make("td", { class: "num" }, money(v))))));
    return [bars, make("div", { class: "ends2" }, make("span", {}, m[0]), make("span", {}, m.at(-1))), make("details", { class: "data" }, make("summary", {}, "Show the numbers", make("span", { class: "sr" }, ": spending by month")), table)];
  };
  const show = (c, i, focus) => {
    chosen = i;
    const s = c.segment[i], percent = (v) => `${v} %`;
    const middle = spec.middles[s] ?? [0, 0, 0];
    const said = [];
    if (named(spec.natures, c.nature[i])) said.push(named(spec.natures, c.nature[i]));
    if (named(spec.countries, c.country[i])) said.push(named(spec.countries, c.country[i]));
    said.push(`named group: ${named(spec.cells, c.cell[i])}, scores ${c.r[i]}-${c.f[i]}-${c.m[i]}`);
    const title = make("h3", {}, make("bdi", {}, cut(c.ids[i])));
    if (s >= 0) title.append(segment(s));
    const on = c.held_out[i] ? "Held out: on no list and in no file. Do not contact." : listOf(c, i) ? `On the list: ${listOf(c, i)}${c.list_code[i] !== NONE ? `, product ${called(c.list_code[i])}` : ""}.` : "On no list.";
    const parts = [make("header", {}, title, make("p", {}, make("bdi", {}, said.join(" · "))), make("p", {}, make("b", {}, on)))];
    parts.push(facts([["Spent", money(c.monetary[i])], ["Invoices", whole(c.frequency[i])], ["Average invoice", money(average(c, i))], ["Last purchase", `${whole(c.recency[i])} days`],
      ["Bought again", known(c.rebought[i], percent)], ["Returned", known(c.returned[i], percent)], ["Usual in 90 days", known(c.usual[i], money)], ["Expected in 90", known(c.predicted[i], money)]]));
    if (s >= 0) {
      const why = `Bought ${whole(c.recency[i])} days ago, ${whole(c.frequency[i])} invoice${c.frequency[i] === 1 ? "" : "s"}, ${money(c.monetary[i])} in all. The ${spec.typical} customer of ${label(s)}: ${whole(middle[0])} days, ${decimal(middle[1], 1)} invoices, ${money(middle[2])}.`;
      const border = c.margin[i] === UNKNOWN ? "" : c.margin[i] < 10 ? ` On the border: its own segment is only ${c.margin[i]} % nearer than the next.` : ` Its nearest segment is ${c.margin[i]} % nearer than the next.`;
      parts.push(part(`Why ${label(s)}`, say(why + border)));
      const before = (spec.histories?.[c.history[i]] ?? "").split("; ").filter(Boolean);
      if (before.length) parts.push(part("Segments so far", make("ul", { class: "note" }, ...before.map((was) => make("li", {}, `from ${was.slice(0, 10)} `, make("bdi", {}, was.slice(11)))))));
      const moves = [];
      if (c.next[i] >= 0) moves.push(say(c.next[i] === s ? `One more average order today keeps them ${label(s)}.` : `One more average order today brings them nearest to ${label(c.next[i])}.`));
      if (c.next[i] >= 0) moves.push(say(c.later[i] >= 0 ? `Without an order they are nearest to ${label(c.later[i])} after ${c.later_weeks[i]} week${c.later_weeks[i] === 1 ? "" : "s"}.` : `Without an order they stay ${label(s)} for half a year, or until their purchases leave the window.`));
      if (moves.length) parts.push(part("What would move them", ...moves));
    }
    if (spec.months?.length) parts.push(part("Spending by month", ...byMonth(c, i)));
    const offers = [0, 1, 2].filter((k) => c[`new_${k}`][i] !== NONE).map((k) => make("div", { class: "rec" }, make("bdi", {}, called(c[`new_${k}`][i])),
      make("span", {}, reason(c, k, i))));
    if (offers.length) parts.push(part("Try next", ...offers));
    const again = [0, 1, 2].filter((k) => c[`again_${k}`][i] !== NONE).map((k) => make("div", { class: "rec" }, make("bdi", {}, called(c[`again_${k}`][i])),
      make("span", {}, c[`again_share_${k}`][i] === UNKNOWN ? "bought before" : `bought again within 30 days by ${c[`again_share_${k}`][i]} in 100 such customers`)));
    if (again.length) parts.push(part("Buy again", ...again));
    parts.push(make("p", { class: "src" }, "Source: assignments.arrow, customers.arrow, audience.arrow, sales.arrow, suggestions.arrow, the model"));
    $("#f-panel").replaceChildren(...parts);
    $$("#f-table [data-i]").forEach((b) => b.setAttribute("aria-pressed", String(+b.dataset.i === i)));
    if (focus) {
      history.replaceState(null, "", `#customers/${encodeURIComponent(c.ids[i].slice(0, 400))}`);
      $("#f-panel").focus({ preventScroll: true });
      if (innerWidth <= 1240) $("#f-panel").scrollIntoView({ block: "start" });
    }
  };

  // ---------- the section is opened, with a customer in the address or none
  let ready = false;
  const open = async (id) => {
    const c = await read();
    if (!ready) {
      ready = true;
      let typing;
      $("#f-id").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => filter(c), 120); });
      for (const name of ["segment", "list", "nature", "country"]) $(`#f-${name}`).addEventListener("change", () => filter(c));
      $("#f-table tbody").addEventListener("click", (e) => { const b = e.target.closest("[data-i]"); if (b) show(c, +b.dataset.i, true); });
      $$("#f-table thead th").forEach((th) => $("button", th).addEventListener("click", () => {
        direction = key === th.dataset.k ? -direction : th.classList.contains("num") ? -1 : 1;
        key = th.dataset.k;
        Page.setSort(th, direction);
        filter(c);
      }));
      Page.chooser($("#f-table"));
      Page.narrow.addEventListener("change", () => { page = 0; paint(c); });
      filter(c);
    }
    if (id && c.row.has(id)) {
      $("#f-id").value = id;
      filter(c);
      show(c, c.row.get(id));
    } else if (chosen < 0 && found.length) show(c, found[0]);
  };
  if (spec) {
    Page.opened.set("customers", open);
    addEventListener("beforeprint", () => ready || read().then(() => open("")));
    (window.requestIdleCallback ?? setTimeout)(() => read());
  }
  Page.start();
  return { read, label };
})();
