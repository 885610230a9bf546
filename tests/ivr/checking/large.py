"""Flow sets of any size: menus that lead to sub-flows that call others, each with questions, services, branches and
loops that a counter limits, so that the number of ways grows without bound. The same size always gives the same set."""

from __future__ import annotations

from tests.ivr.checking.conftest import base

PER_FLOW = 10  # nodes

_FLOW = """\
flow: part{n}
takes:
  number: {{type: phone, default: ""}}
gives:
  amount: money
vars:
  tries: number
  name: {{type: text, default: ""}}
prompts:
  what: {{en: "For your bill, press 1. For the next thing, press 2.", zh-CN: "电费请按1,下一项请按2。"}}
  owing: {{en: "{{name}}, you owe {{amount}}.", zh-CN: "{{name}},您欠费{{amount}}。"}}
  ask: {{en: "Which number is it about?", zh-CN: "请问是哪个号码?"}}
nodes:
  what:
    menu: what
    options:
      bill: {{key: "1", phrases: {{en: [bill, my balance], zh-CN: [电费, 余额]}}, next: ask}}
      next: {{key: "2", phrases: {{en: [something else, {odd}], zh-CN: [下一项]}}, next: on}}
    no_input: {{limit: 2, next: {silent}}}
  ask: {{ask: ask, type: phone, into: number, next: look}}
  look:
    do: test.look
    with: {{number: "{{number}}"}}
    into: {{amount: amount, name: name}}
    outcomes: {{found: tell, none: count, error: count}}
  count: {{set: {{tries: "{{tries + 1}}"}}, next: enough}}
  enough:
    when:
      - {{if: tries < 3, next: {again}}}
      - else: on
  tell: {{say: owing, next: on}}
  on:
    when:
      - {{if: storm, next: back}}
      - else: deeper
  deeper: {{{deeper}}}
  sorry: {{say: apology, next: {sorry}}}
  back: {{return: {{amount: "{{amount}}"}}}}
{more}"""

_MAIN = """\
flow: main
prompts:
  menu: {{en: "For bills, press 1.", zh-CN: 电费请按1。}}
nodes:
  menu:
    menu: menu
    options:
      bills: {{key: "1", phrases: {{en: [bills], zh-CN: [电费]}}, next: one}}
{calls}
  bye: {{hangup: goodbye}}
"""


def flow_set(nodes: int, *, faults: bool = False) -> dict[str, str]:
    """About `nodes` nodes. Each flow calls two others further on. `faults`: one unreachable node, one loop without a
    wait, one for silent callers, one pair of phrases that sound alike."""
    count = max(2, nodes // PER_FLOW)
    files = base()
    names = ["one", *(f"more{n}" for n in range(1, (count + 9) // 10))]
    calls = [
        f"  {name}: {{call: part{min(10 * i, count - 1)}, next: {names[i + 1] if i + 1 < len(names) else 'bye'}}}"
        for i, name in enumerate(names)
    ]
    files["main.yaml"] = _MAIN.format(calls="\n".join(calls))
    for n in range(count):
        bad = faults and n == count // 2
        further = [m for m in (n + 1, 2 * n + 1) if n < m < count]
        files[f"part{n}.yaml"] = _FLOW.format(
            n=n,
            odd="ball" if not bad else "pill",
            silent="sorry",
            again="ask",
            deeper=f"call: part{further[n % len(further)]}, next: more" if further else "say: apology, next: more",
            sorry="what" if bad else "back",
            more=(
                f"  more: {{call: part{further[0]}, next: back}}\n"
                if further
                else "  more: {say: apology, next: back}\n"
            )
            + ("  nowhere: {say: ask, next: back}\n" if bad else ""),
        )
        if bad:
            files[f"part{n}.yaml"] = files[f"part{n}.yaml"].replace("error: count", "error: again")
            files[f"part{n}.yaml"] += "  again: {say: apology, next: look}\n"
    return files
