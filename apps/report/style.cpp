#include "apps/report/style.h"

namespace deepmine::apps::report {

// The levels go from light to dark, so that they keep their order in black and white; every level is written
// as a word as well, or has its name as a title.
const char* const style_sheet = R"css(
:root{--ink:#1c2430;--soft:#5a6675;--rule:#d5dbe3;--paper:#fff;--bad:#a3101f;--alert:#a85a00;--good:#1d6b3a}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:1340px;padding:1rem 1.2rem 3rem;color:var(--ink);background:var(--paper);overflow-wrap:break-word;
  font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
h1{font-size:1.7rem;margin:.4rem 0}h2{font-size:1.25rem;margin:2.2rem 0 .6rem;border-bottom:2px solid var(--ink)}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
p{margin:.4rem 0;max-width:75ch}ul{margin:.3rem 0;padding-left:1.2rem;max-width:85ch}
.note,small,figcaption+.note{color:var(--soft);font-size:.86rem}
.old{border:3px solid #000;padding:.4rem .7rem;font-weight:700;color:#000;background:#fff}
.warning{border-left:4px solid var(--alert);padding:.3rem .7rem;background:#fff6e6}
.tiles{display:flex;flex-wrap:wrap;gap:.7rem;margin:1rem 0}
.tiles div{border:1px solid var(--rule);border-radius:6px;padding:.5rem .9rem;min-width:8rem}
.tiles b{display:block;font-size:1.5rem;line-height:1.2}
table{border-collapse:collapse;font-size:.88rem}
th,td{padding:.25rem .55rem;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
.figures td,.sensors td,.confusion td{text-align:right;font-variant-numeric:tabular-nums}
.figures td:nth-child(2){text-align:left}
.facts td,li{overflow-wrap:anywhere}.wide{overflow-x:auto}.stopes td strong{white-space:nowrap}
.confusion td.right{outline:1.5px solid var(--ink);outline-offset:-2px}
.confusion th{font-weight:500;font-size:.72rem}.confusion th,.confusion td{padding:.15rem .28rem;font-size:.76rem}
.bad{color:var(--bad)}.alert{color:var(--alert)}.good{color:var(--good)}.unknown{color:var(--ink);text-decoration:underline}
.plan{display:inline-block;padding:0 .4rem;border:2px solid #000;border-radius:3px;font-weight:700;color:#000;background:#fff}
.plan-red{color:#fff;background:var(--bad);border-color:var(--bad)}.plan-amber{background:#ffd27a;border-style:double;border-width:4px}
.plan-unknown{border-style:dashed}.plan-green{border-width:1px;border-color:var(--good);font-weight:400}
.acts{position:sticky;left:.55rem;width:fit-content;max-width:calc(100vw - 3.6rem)}
.stopes .response td{border-bottom:2px solid var(--rule);padding-bottom:.6rem}
.probability{white-space:nowrap}.number{font-variant-numeric:tabular-nums}
.stopes small{display:block;font-weight:400}.stopes details{font-weight:400;font-size:.82rem}
.stopes>tbody>tr>th{min-width:9rem;overflow-wrap:anywhere}.stopes thead th{font-size:.8rem;overflow-wrap:normal}
.stopes svg{display:block;max-width:none}
.timeline{height:30px;width:auto}.spark{height:22px;width:84px}
.timeline polyline{fill:none;stroke:#000;stroke-width:1.2}.timeline .halo{stroke:#fff;stroke-width:3;opacity:.75}
.spark polyline{fill:none;stroke:#1f61aa;stroke-width:1.2}
.last{font-size:.78rem;white-space:nowrap}
.forecast{display:flex;flex-wrap:wrap;gap:2px;min-width:12.2rem}
.forecast span,.swatch{padding:.05rem .3rem;border-radius:3px;font-size:.74rem;white-space:nowrap}
.forecast i{font-style:normal;opacity:.8}
.l0{background:#f1f5f2;fill:#f1f5f2;color:#222}.l1{background:#f7e3a8;fill:#f7e3a8;color:#222}
.l2{background:#f2bd6b;fill:#f2bd6b;color:#222}.l3{background:#d9762e;fill:#d9762e;color:#fff}
.l4{background:#ad2f2a;fill:#ad2f2a;color:#fff}.l5{background:#5c0f2e;fill:#5c0f2e;color:#fff}
.lx{background:repeating-linear-gradient(45deg,#fff 0 3px,#bbb 3px 4px);fill:#fff;color:#222}
.forecast span,.swatch{border:1px solid #9aa4b0}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:1rem 1.6rem}
.matrices{grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr))}
figure{margin:.6rem 0;min-width:0;overflow-x:auto}figcaption{font-weight:600;margin-bottom:.2rem}
.chart{width:100%;height:auto;max-width:520px}
.chart text{font-size:10.5px;fill:var(--soft)}.middle{text-anchor:middle}.end{text-anchor:end}
.axis{fill:none;stroke:#333;stroke-width:1}.grid{stroke:#e6eaef;stroke-width:1}
.diagonal{stroke:#999;stroke-width:1;stroke-dasharray:2 3}
.line polyline{fill:none;stroke-width:1.8}.line circle{stroke:none}
.s0 polyline,.s0 path{stroke:#1f61aa}.s0 circle{fill:#1f61aa}
.s1 polyline,.s1 path{stroke:#c4511d}.s1 polyline{stroke-dasharray:6 3}.s1 circle{fill:#c4511d}
.s2 polyline,.s2 path{stroke:#2b7a4b}.s2 polyline{stroke-dasharray:2 2}.s2 circle{fill:#2b7a4b}
.s3 polyline,.s3 path{stroke:#6b3fa0}.s3 polyline{stroke-dasharray:8 3 2 3}.s3 circle{fill:#6b3fa0}
.s4 polyline,.s4 path{stroke:#444}.s4 polyline{stroke-dasharray:1 3}.s4 circle{fill:#444}
.s5 polyline,.s5 path{stroke:#b0872a}.s5 polyline{stroke-dasharray:12 3}.s5 circle{fill:#b0872a}
.points .mark{fill:#fff;stroke-width:1.6}.points .interval{stroke-width:1.2}.points.s0 .mark{fill:#1f61aa}
.key{display:flex;flex-wrap:wrap;gap:.2rem .8rem;font-size:.82rem;align-items:center}
.key svg{width:24px;height:10px;margin-right:.3rem}
details summary{cursor:pointer}
footer{margin-top:2.5rem;color:var(--soft);font-size:.82rem}
@media (max-width:1340px){
  .stopes th,.stopes td{padding:.25rem .35rem}.stopes td strong{white-space:normal}
  .forecast{min-width:9rem}.timeline{width:150px;height:25px}.spark{width:72px}
}
@media (max-width:760px){
  body{padding:.7rem}
  .stopes thead{display:none}
  .stopes,.stopes tbody,.stopes tr,.stopes th,.stopes td{display:block;width:100%}
  .stopes tr{border:1px solid var(--rule);border-radius:6px;margin:.7rem 0;padding:.3rem .5rem}
  .stopes td{border:0;padding:.2rem 0;display:flex;gap:.6rem;align-items:center;flex-wrap:wrap}
  .stopes td::before{content:attr(data-label);color:var(--soft);font-size:.78rem;min-width:6.6rem}
  .stopes .response{margin-top:-.8rem;border-top:0}.stopes .response td{display:block}
  .acts{position:static;max-width:none}
  .timeline{width:180px;height:30px;max-width:100%}.spark{width:84px}
  .confusion th,.confusion td{padding:.1rem .2rem}
}
@media print{
  body{font-size:10.5px;max-width:none;padding:0}
  *{-webkit-print-color-adjust:exact;print-color-adjust:exact}
  .wide,figure{overflow:visible}
  tr[data-stope]{break-after:avoid}.stopes .response{break-after:auto}
  h2{break-after:avoid}figure,tr,.tiles div{break-inside:avoid}
  thead{display:table-header-group}
  .stopes th,.stopes td{padding:.15rem .25rem}.spark{width:70px}.timeline{width:110px}
  .forecast{min-width:7rem}.acts{position:static;max-width:none}
  @page{size:A4 landscape;margin:12mm}
}
)css";

}  // namespace deepmine::apps::report
