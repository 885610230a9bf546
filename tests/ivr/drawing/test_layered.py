"""A layered layout: nothing lies on anything else, and lines lead down unless they lead back."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.drawing.layered import Box, Layout, Line, lay_out
from ivr.drawing.ordering import crossings


def boxes(count: int) -> list[Box]:
    return [Box(str(number), 60.0 + 17 * (number % 5), 30.0 + 8 * (number % 3)) for number in range(count)]


def line(tail: int, head: int, number: int = 0) -> Line:
    return Line(f"{tail}>{head}#{number}", str(tail), str(head), 40.0, 14.0)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Box], list[Line]]:
    count = draw(st.integers(1, 14))
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    lines = draw(st.lists(ends, max_size=26))
    return boxes(count), [line(tail, head, number) for number, (tail, head) in enumerate(lines)]


@given(graphs())
@settings(max_examples=150, deadline=None)
def test_whatever_the_graph_boxes_and_labels_do_not_overlap(graph: tuple[list[Box], list[Line]]) -> None:
    drawn, lines = graph
    layout = lay_out(drawn, lines)
    areas = [(*layout.boxes[box.id], box.width, box.height) for box in drawn]
    areas += [
        (*layout.routes[one.id].label, one.label_width, one.label_height) for one in lines if one.source != one.target
    ]
    for (ax, ay, aw, ah), (bx, by, bw, bh) in combinations(areas, 2):
        assert abs(ax - bx) >= (aw + bw) / 2 - 0.01 or abs(ay - by) >= (ah + bh) / 2 - 0.01
    for x, y, wide, high in areas:
        assert wide / 2 <= x <= layout.width - wide / 2
        assert high / 2 <= y <= layout.height - high / 2


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_whatever_the_graph_lines_join_their_boxes(graph: tuple[list[Box], list[Line]]) -> None:
    drawn, lines = graph
    layout = lay_out(drawn, lines)
    size = {box.id: box for box in drawn}
    for one in lines:
        points = layout.routes[one.id].points
        for end, (x, y) in ((one.source, points[0]), (one.target, points[-1])):
            middle = layout.boxes[end]
            assert abs(x - middle[0]) <= size[end].width / 2 + 0.01
            assert abs(y - middle[1]) <= size[end].height / 2 + 0.01
        if not layout.routes[one.id].back:
            assert all(below >= above - 0.01 for (_, above), (_, below) in pairwise(points))
            assert layout.boxes[one.source][1] < layout.boxes[one.target][1]


def test_the_first_box_is_on_top_and_a_way_back_is_marked() -> None:
    layout = lay_out(boxes(3), [line(0, 1), line(1, 2), line(2, 0)])
    assert layout.boxes["0"][1] < layout.boxes["1"][1] < layout.boxes["2"][1]
    assert [layout.routes[one].back for one in ("0>1#0", "1>2#0", "2>0#0")] == [False, False, True]


def test_a_chain_is_a_straight_line() -> None:
    layout = lay_out(boxes(5), [line(number, number + 1) for number in range(4)])
    assert len({round(x, 3) for x, _ in layout.boxes.values()}) == 1


def test_two_ways_that_need_not_cross_do_not() -> None:
    layout = lay_out(boxes(6), [line(0, 1), line(0, 2), line(1, 5), line(1, 4), line(2, 3)])
    assert (layout.boxes["1"][0] < layout.boxes["2"][0]) == (layout.boxes["4"][0] < layout.boxes["3"][0])


def test_crossings_are_counted() -> None:
    assert crossings([[0, 1], [2, 3]], [[3], [2], [], []]) == 1
    assert crossings([[0, 1], [2, 3]], [[2], [3], [], []]) == 0


def test_nothing_to_draw() -> None:
    assert lay_out([], []) == Layout(32.0, 32.0)
