// Charts, drawn by Observable Plot from the numbers that the page holds, when they are first seen and when their width changes.
"use strict";
(() => {
  const { $, whole, decimal, money } = Page;
  const charts = new Map((JSON.parse($("#charts").textContent) ?? []).map((c) => [c.id, c]));
  const colour = (token) => `var(--${token})`;
  const shortly = (v) => (Math.abs(v) >= 1e6 ? `${+(v / 1e6).toPrecision(3)}m` : Math.abs(v) >= 1000 ? `${+(v / 1e3).toPrecision(3)}k` : String(+v.toPrecision(3)));
  const tick = (axis) => (v) => (v < 0 ? "−" : "") + (axis.sign ?? "") + shortly(Math.abs(v));
  const said = (v, axis) => (axis.sign ? money(v) : Number.isInteger(v) ? whole(v) : decimal(v, Math.abs(v) < 10 ? 2 : 1));
  const frame = (c, width) => ({
    width, height: c.height, marginLeft: 52, marginBottom: 38, marginTop: 26, marginRight: 18,
    style: { fontFamily: "inherit", fontSize: 12, background: "none", overflow: "visible" },
  });
  const up = (label) => (label ? `↑ ${label}` : null), right = (label) => (label ? `${label} →` : null);
  const powers = (low, high) => {
    const ticks = [];
    for (let v = 10 ** Math.ceil(Math.log10(low)); v <= high; v *= 10) ticks.push(v);
    return ticks.length > 6 ? ticks.filter((_, i) => i % 2 === 0) : ticks;
  };

  const kinds = {
    lines(c, width) {
      const points = c.series.flatMap((s) => (s.y ?? []).map((y, i) => ({ x: s.x[i], y, s })));
      const xs = [...new Set(points.map((p) => p.x))].sort((a, b) => a - b);
      return Plot.plot({
        ...frame(c, width), marginRight: 62,
        x: { label: right(c.x.label), ticks: xs.length < 12 ? xs : 8, tickFormat: (v) => String(v) },
        y: { label: up(c.y.label), grid: true, ticks: 5, zero: c.y.zero, tickFormat: tick(c.y) },
        marks: [
          ...(c.marks ?? []).flatMap((m) => (m.y !== undefined
            ? [Plot.ruleY([m.y], { stroke: colour("ink"), strokeDasharray: "4,3" }), Plot.text([m], { x: xs.at(-1), y: "y", text: "text", textAnchor: "start", dx: 8, className: "strong" })]
            : [Plot.ruleX([m.x], { stroke: colour("accent"), strokeDasharray: "4,3" }), Plot.text([m], { x: "x", frameAnchor: "top", text: "text", dy: -14, className: "strong" })])),
          ...c.series.map((s) => Plot.line(points.filter((p) => p.s === s), { x: "x", y: "y", stroke: colour(s.colour), strokeWidth: 2.2, strokeDasharray: s.dashed ? "4,3" : undefined })),
          Plot.dot(points.filter((p) => !p.s.dashed), { x: "x", y: "y", fill: (p) => colour(p.s.colour), r: 3.4, title: (p) => `${p.s.name}, ${p.x}: ${said(p.y, c.y)}`, tip: true }),
        ],
      });
    },
    bars(c, width) {
      const [s] = c.series, faint = new Set(s.faint);
      const bars = s.names.map((name, i) => ({ name, y: s.y[i], faint: faint.has(i) }));
      const every = Math.ceil(bars.length / Math.max(3, Math.floor(width / 54)));
      return Plot.plot({
        ...frame(c, width),
        x: { type: "band", label: null, domain: s.names, tickFormat: (name, i) => (i % every ? "" : name) },
        y: { label: up(c.y.label), grid: true, ticks: 5, tickFormat: tick(c.y) },
        marks: [Plot.barY(bars, { x: "name", y: "y", fill: (b) => (b.faint ? colour("line") : colour(s.colour)), stroke: (b) => (b.faint ? colour("edge") : "none"), strokeDasharray: "3,2", insetLeft: 2, insetRight: 2, title: (b) => `${b.name}: ${said(b.y, c.y)}`, tip: true }), Plot.ruleY([0], { stroke: colour("edge") })],
      });
    },
    groups(c, width) {
      const bars = c.series.flatMap((s, k) => s.names.map((name, i) => ({ name, k, y: s.y[i], s })));
      const every = Math.ceil(c.series[0].names.length / Math.max(2, Math.floor(width / 110)));
      return Plot.plot({
        ...frame(c, width), marginLeft: 36,
        fx: { label: null, padding: 0.2, domain: c.series[0].names, tickFormat: (name, i) => (i % every ? "" : name.slice(0, 16)) }, x: { axis: null, padding: 0 },
        y: { label: up(c.y.label), grid: true, ticks: 4 },
        marks: [Plot.barY(bars, { fx: "name", x: "k", y: "y", fill: (b) => colour(b.s.colour), title: (b) => `${b.name}, ${b.s.name}: ${decimal(b.y, 1)} %`, tip: true }), Plot.ruleY([0], { stroke: colour("edge") })],
      });
    },
    bins(c, width) {
      const bins = c.bins ?? [];
      const low = bins[0]?.[0] ?? 1, high = bins.at(-1)?.[1] ?? 10;
      return Plot.plot({
        ...frame(c, width),
        x: { type: "log", label: right(c.x.label), domain: [low, high], ticks: powers(low, high), tickFormat: tick(c.x) },
        y: { label: up(c.y.label), grid: true, ticks: 4, tickFormat: shortly },
        marks: [Plot.rectY(bins, { x1: (b) => b[0], x2: (b) => b[1], y: (b) => b[2], fill: colour("neutral"), inset: 0.4, title: (b) => `${said(b[0], c.x)} to ${said(b[1], c.x)}: ${whole(b[2])}`, tip: true }), Plot.ruleY([0], { stroke: colour("edge") })],
      });
    },
  };

  // Pictures of every customer; far more than a screen can show are thinned, always to the same ones.
  const seeds = (i, of) => ((i * of) % 101) / 101 - 0.5;
  kinds.map = async (c, width) => {
    const k = await Customers.read(), step = Math.max(1, Math.floor(k.n / 5000)), dots = [];
    for (let i = 0; i < k.n; i += step) {
      if (k.segment[i] >= 0 && k.frequency[i] > 0) dots.push({ x: k.recency[i] + seeds(i, 7919), y: k.frequency[i] * (1 + seeds(i, 104729) * 0.16), s: k.segment[i], i });
    }
    dots.sort((a, b) => b.s - a.s || a.i - b.i);
    const names = Page.spec.middles.map((m, s) => ({ x: m[0], y: m[1], s })).filter((m) => m.y > 0);
    return Plot.plot({
      ...frame(c, width), marginBottom: 40,
      x: { label: right(c.x.label), nice: true }, y: { type: "log", base: 2, label: up(c.y.label), grid: true, tickFormat: (v) => (Number.isInteger(v) ? String(v) : "") },
      marks: [
        Plot.dot(dots, { x: "x", y: "y", r: width < 420 ? 1.6 : 2.1, fill: (d) => colour(`seg-${d.s}`), fillOpacity: 0.62 }),
        ...names.map((m) => Plot.text([m], { x: "x", y: "y", text: () => Customers.label(m.s), textAnchor: m.x < 60 ? "start" : "middle", fill: colour("ink"), stroke: colour("surface"), strokeWidth: 5, fontSize: 13, className: "strong" })),
      ],
    });
  };
  const middleOf = (sorted) => (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
  kinds.spread = async (c, width) => {
    const k = await Customers.read(), spent = (i) => Math.max(k.monetary[i], 1), bins = 45;
    let low = Infinity, high = 1;
    for (let i = 0; i < k.n; i++) { low = Math.min(low, spent(i)); high = Math.max(high, spent(i)); }
    low = Math.max(low, high / 1e5);
    const wide = Math.log(high / low) / bins || 1, all = Page.spec.segments.map(() => ({ n: 0, in: new Array(bins).fill(0), values: [] }));
    for (let i = 0; i < k.n; i++) {
      const a = all[k.segment[i]];
      if (!a) continue;
      a.n++;
      a.values.push(k.monetary[i]);
      a.in[Math.min(bins - 1, Math.max(0, Math.floor(Math.log(spent(i) / low) / wide)))]++;
    }
    const bars = all.flatMap((a, s) => a.in.map((n, b) => ({ s, x1: low * Math.exp(b * wide), x2: low * Math.exp((b + 1) * wide), y: a.n ? n / a.n : 0, n })));
    const middle = all.map((a, s) => ({ s, x: middleOf(a.values.sort((x, y) => x - y)), n: a.n })).filter((m) => m.n);
    const most = Math.max(...bars.map((b) => b.y)) * 1.1;
    return Plot.plot({
      ...frame(c, width), marginLeft: 8, marginTop: 14,
      x: { type: "log", label: right(c.x.label), ticks: powers(low, high), tickFormat: tick(c.x), domain: [low, high] }, y: { axis: null, domain: [0, most] }, fy: { axis: null, padding: 0.12 },
      marks: [
        Plot.rectY(bars, { fy: "s", x1: "x1", x2: "x2", y: "y", fill: (b) => colour(`seg-${b.s}`), insetLeft: 0.5, insetRight: 0.5, title: (b) => `${Customers.label(b.s)}: ${whole(b.n)} customers spent ${money(b.x1)} to ${money(b.x2)}`, tip: true }),
        Plot.tickX(middle.filter((m) => m.x > 0), { fy: "s", x: "x", stroke: colour("ink"), strokeWidth: 1.5, strokeDasharray: "3,2" }),
        Plot.text(middle, { fy: "s", text: (m) => `${Customers.label(m.s)}, middle ${money(m.x)}`, frameAnchor: "top-left", fontSize: 13, className: "strong" }),
      ],
    });
  };

  const widths = new Map();
  const draw = async (element) => {
    const c = charts.get(element.id), width = Math.floor(element.clientWidth);
    if (!c || !width || widths.get(element) === width) return;
    widths.set(element, width);
    const svg = await kinds[c.kind](c, width);
    svg.setAttribute("aria-hidden", "true");
    element.replaceChildren(svg);
    element.style.minHeight = "";
  };
  const seen = new ResizeObserver((entries) => entries.forEach((e) => requestAnimationFrame(() => draw(e.target))));
  for (const e of document.querySelectorAll(".chart")) seen.observe(e);
  addEventListener("beforeprint", () => document.querySelectorAll(".chart").forEach(draw));
})();
