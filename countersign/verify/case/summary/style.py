"""How a summary looks: on a screen, and on paper, where it may lie in a court file."""

STYLE = """
:root { --ink: #1c1f23; --quiet: #5c646d; --line: #d9dde2; --soft: #f5f6f8; --allow: #23683c; --label: #1d5a8a;
  --review: #8a5a00; --block: #9b1c1c; --refused: #55595e; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: var(--ink); font: 16px/1.5 Georgia, "Times New Roman", serif;
  overflow-wrap: anywhere; }
main { max-width: 52rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
header { border-bottom: 3px double var(--ink); margin-bottom: 1.5rem; }
.brand { margin: 0; font: 600 .8rem/1.4 system-ui, sans-serif; letter-spacing: .14em; text-transform: uppercase;
  color: var(--quiet); }
h1 { margin: .1rem 0 .6rem; font-size: 1.9rem; line-height: 1.2; font-weight: 600; }
h2 { margin: 2.2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 1px solid var(--line); font-size: 1.25rem; }
h3 { margin: 0 0 .5rem; font-size: 1.02rem; line-height: 1.45; }
p { margin: .4rem 0; }
ul, ol { margin: .4rem 0; padding-left: 1.3rem; }
li { margin: .2rem 0; }
td ul { margin: 0; padding: 0; list-style: none; } td li:first-child { margin-top: 0; }
.quiet { color: var(--quiet); }
code { font: .82em/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.verdict { border-left: .4rem solid var(--refused); background: var(--soft); padding: .8rem 1.1rem; }
.verdict > p:first-child { font-size: 1.12rem; margin-top: 0; }
.verdict.allow { border-color: var(--allow); } .verdict.label { border-color: var(--label); }
.verdict.review { border-color: var(--review); } .verdict.block { border-color: var(--block); }
.stamp { display: inline-block; padding: 0 .5em; border: 1.5px solid currentColor; border-radius: .2em;
  font: 700 .84em/1.6 system-ui, sans-serif; letter-spacing: .07em; color: var(--refused); }
.stamp.allow { color: var(--allow); } .stamp.label { color: var(--label); }
.stamp.review { color: var(--review); } .stamp.block { color: var(--block); }
.detected { color: var(--block); } .abstained { color: var(--review); } .not_detected { color: var(--quiet); }
table { width: 100%; border-collapse: collapse; font-size: .95rem; }
th, td { padding: .28rem .5rem .28rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--soft); }
tr:first-child > * { border-top: 0; }
th { width: 12rem; padding-right: 1rem; font-weight: 400; color: var(--quiet); }
article { margin: 1rem 0; padding: .9rem 1.1rem; border: 1px solid var(--line); border-radius: .3rem; }
.trial { border-style: dashed; color: var(--quiet); } .trial h3 { font-weight: 400; }
.trial .stamp { color: var(--quiet); }
figure { margin: .9rem 0 .2rem; }
figure img { display: block; max-width: 100%; max-height: 24rem; border: 1px solid var(--line); background: #000; }
figcaption { margin-top: .35rem; font-size: .88rem; color: var(--quiet); }
pre { max-height: 20rem; overflow: auto; padding: .7rem; background: var(--soft); white-space: pre-wrap;
  font: .84rem/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
@media (max-width: 40rem) { th { width: 8rem; } main { padding: 1.2rem 1rem; } }
@media print { @page { margin: 18mm 16mm; } body { font-size: 10.5pt; } main { max-width: none; padding: 0; }
  pre { max-height: none; } article, figure, tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .verdict, pre { print-color-adjust: exact; } }
"""
