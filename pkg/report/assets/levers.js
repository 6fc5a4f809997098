// The levers of the goal: what each comes to, from the sums that the page holds. Each adds to the average invoice by itself.
"use strict";
(() => {
  const { $, whole, decimal, money } = Page;
  const levers = $(".levers");
  if (!levers) return;
  const of = Object.fromEntries(Object.entries(levers.dataset).map(([name, value]) => [name, Number(value)]));
  const range = (name) => {
    const input = $(`#lv-${name}`);
    if (!input) return 0; // the run has no such lever
    const said = `${whole(input.value)} %`;
    $(`#lv-${name}-says`).textContent = said;
    input.setAttribute("aria-valuetext", said);
    return input.value / 100;
  };
  const compute = () => {
    const now = of.revenue / of.invoices, top = 1.5 * of.goal;
    const more = range("reach") * Number($("#lv-threshold")?.value ?? 0) + range("line") * of.invoices * (of.revenue / of.lines) + range("pack") * (of.pack ?? 0);
    const change = more / of.revenue, average = now * (1 + change);
    $("#lv-average").textContent = money(average, 2);
    $("#lv-change").textContent = `+${decimal(100 * change, 1)} %`;
    $("#lv-more").textContent = money(more);
    $("#lv-change").dataset.v = change;
    $("#lv-meter").setAttribute("aria-label", `${decimal(100 * change, 1)} % of the ${decimal(100 * of.goal, 0)} % wanted`);
    $("#lv-meter i").style.width = `${Math.min(100, (100 * change) / top)}%`;
    $("#lv-meter").classList.toggle("there", change >= of.goal);
  };
  levers.addEventListener("input", compute);
  compute();
})();
