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
