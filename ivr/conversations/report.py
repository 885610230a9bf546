"""Results of conversation tests as lines for people, and as JUnit XML for a build server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from ivr.conversations.talk import Result

_BEFORE = 4  # how many things said and done are shown before a difference


def lines(result: Result) -> Iterator[str]:
    """`ok` or `FAILED` with the test's name; of a failed one what was said before, and where it went another way."""
    if result.difference is None:
        yield f"ok      {result.conversation.name}"
        return
    yield f"FAILED  {result.conversation.name}"
    yield from (f"    {line}" for line in difference_lines(result))


def difference_lines(result: Result) -> Iterator[str]:
    difference = result.difference
    if difference is None:
        return
    yield f"{difference.place.file}:{difference.place.line}: {difference.message}"
    before = result.said[-_BEFORE - 1 :]
    if difference.expected and before and before[-1].by == "hotline":
        before = before[:-1]
    for exchange in before[-_BEFORE:]:
        yield f"  {exchange.by:8} {exchange.text}"
    if difference.expected:
        yield f"- expected {difference.expected}"
        yield f"+ hotline  {difference.heard or '(says nothing)'}"


def junit(results: Sequence[tuple[Result, float]]) -> str:
    """One suite a file. `results`: each with the seconds it took."""
    root = ElementTree.Element("testsuites")
    suites: dict[str, ElementTree.Element] = {}
    for result, seconds in results:
        file = result.conversation.place.file
        suite = suites.get(file)
        if suite is None:
            suite = suites[file] = ElementTree.SubElement(root, "testsuite", name=file, tests="0", failures="0")
        suite.set("tests", str(int(suite.get("tests", "0")) + 1))
        place = result.conversation.place
        case = ElementTree.SubElement(
            suite, "testcase", classname=file, name=result.conversation.name, file=file, line=str(place.line),
            time=f"{seconds:.3f}",
        )  # fmt: skip
        if result.difference is not None:
            suite.set("failures", str(int(suite.get("failures", "0")) + 1))
            failure = ElementTree.SubElement(case, "failure", message=result.difference.message)
            failure.text = "\n".join(difference_lines(result))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
