--- The look of a diagram's page, light and dark as the reader's system is.

return [[
:root {
  --paper: #ffffff; --ink: #1b1f24; --dim: #59636e; --rule: #d1d9e0; --soft: #f6f8fa; --accent: #0b5cad;
  --plus: #11632f; --plus-soft: #dff5e4; --minus: #a3222a; --tilde: #7d4e00; --tilde-soft: #fdf3d3; --line: #6e7781;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f1318; --ink: #e4e9ee; --dim: #9aa5b1; --rule: #2f3741; --soft: #181d24; --accent: #79b8ff;
    --plus: #6fd58b; --plus-soft: #12301c; --minus: #ff9a94; --tilde: #e3b341; --tilde-soft: #332a10; --line: #8b949e;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0 auto; max-width: 1200px; padding: 24px 20px 64px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 26px; line-height: 1.2; margin: 0; }
h2 { font-size: 19px; margin: 0; }
h2 small { font-weight: 400; color: var(--dim); font-size: 15px; margin-left: 6px; }
a { color: var(--accent); }
.facts, .legend { color: var(--dim); margin: 4px 0 0; }
.legend { font-size: 13px; margin-top: 10px; }
.legend b { color: var(--ink); }
.unique { color: var(--accent); fill: var(--accent); font-size: 10px; }
.drawing {
  margin: 18px 0 8px; padding: 8px; border: 1px solid var(--rule); border-radius: 8px; background: var(--soft);
  overflow: auto; max-height: 80vh;
}
.drawing svg { display: block; margin: 0 auto; }
svg text { font: 12px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: var(--ink); }
svg .frame { fill: var(--paper); stroke: var(--rule); }
svg .head { fill: var(--accent); fill-opacity: .14; }
svg .table, svg .required { font-weight: 700; }
svg .type, svg .version { fill: var(--dim); text-anchor: end; }
svg .none { text-anchor: start; }
svg .line { fill: none; stroke: var(--line); stroke-width: 1.5; }
svg .optional { stroke-dasharray: 5 4; }
svg .tip { fill: var(--line); }
svg .box { text-decoration: none; }
svg .box:hover .frame, svg .box:focus .frame { stroke: var(--accent); stroke-width: 2; }
svg .box:focus { outline: none; }
section { margin-top: 28px; padding-top: 20px; border-top: 1px solid var(--rule); }
section:target h2 { color: var(--accent); }
details { margin-top: 10px; border: 1px solid var(--rule); border-radius: 8px; }
summary { cursor: pointer; padding: 8px 14px; border-radius: 8px; }
summary:hover { background: var(--soft); }
details[open] > summary { background: var(--soft); border-bottom: 1px solid var(--rule); border-radius: 8px 8px 0 0; }
.number { font-weight: 600; margin-right: 8px; }
time, .by { color: var(--dim); margin-right: 8px; }
.message { font-style: italic; }
.changes {
  list-style: none; margin: 10px 14px; padding: 0 8px; white-space: pre-wrap;
  font: 13px/1.6 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
.plus { color: var(--plus); } .minus { color: var(--minus); } .tilde { color: var(--tilde); }
details > p { margin: 10px 14px; }
.wide { overflow-x: auto; margin: 10px 14px 14px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: 5px 8px; border-bottom: 1px solid var(--rule); vertical-align: top; }
thead th { color: var(--dim); font-weight: 500; font-size: 13px; }
tbody th { font-weight: 600; }
tbody th, tbody td:nth-child(2) { white-space: nowrap; }
tbody td:nth-child(3) { min-width: 10em; }
tbody tr:last-child > * { border-bottom: 0; }
tr.added { background: var(--plus-soft); } tr.changed { background: var(--tilde-soft); }
.mark { font-weight: 400; font-size: 12px; }
tr.added .mark { color: var(--plus); } tr.changed .mark { color: var(--tilde); }
.up { font-size: 13px; margin: 12px 0 0; }
@media (max-width: 600px) {
  body { padding: 16px 12px 48px; }
  .wide, .changes { margin-left: 10px; margin-right: 10px; }
  tbody th { white-space: normal; min-width: 7em; }
}
@media print { details:not([open]) > * { display: revert; } .drawing { max-height: none; overflow: visible; } }]]
