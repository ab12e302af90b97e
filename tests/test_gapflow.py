"""The decision flow: complete, walked to every end, refused where one could get lost, drawn."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from perfkit import words
from perfkit.book import open_book
from perfkit.errors import PerfkitError, UnknownName
from perfkit.explain import bearing, gap_flow, mermaid, read_flow, walk
from perfkit.show import plot

SOURCE = Path(__file__).resolve().parents[1] / "perfkit" / "explain" / "gapflow.toml"
TEXT = SOURCE.read_text(encoding="utf-8")
QUESTIONS = [str(n) for n in range(2, 12)]
# The six ways that the seeds name, with the answers that lead along them.
WAYS = {
    "unimportant": ({"2": "no"}, "1 2 ignore"),
    "skill_new": ({"2": "yes", "3": "yes", "4": "no", "6": "no", "7": "yes"},
                  "1 2 3 4 formal_training 6 7 12 implement"),
    "skill_rusty": ({"2": "yes", "3": "yes", "4": "yes", "5": "no", "6": "no", "7": "yes"},
                    "1 2 3 4 5 practice 6 7 12 implement"),
    "skill_no_feedback": ({"2": "yes", "3": "yes", "4": "yes", "5": "yes", "6": "no", "7": "yes"},
                          "1 2 3 4 5 feedback 6 7 12 implement"),
    "no_potential": ({"2": "yes", "3": "yes", "4": "no", "6": "no", "7": "no"},
                     "1 2 3 4 formal_training 6 7 transfer"),
    "will": ({"2": "yes", "3": "no", "8": "no", "9": "no", "10": "yes", "11": "no"},
             "1 2 3 8 9 10 11 12 implement"),
}  # fmt: skip


def test_it_has_the_boxes_and_arrows_of_the_source() -> None:
    flow = gap_flow()
    assert (len(flow.steps), len(flow.edges)) == (24, 32)
    assert sorted(s.number for s in flow.steps.values() if s.number) == list(range(1, 13))
    ends = [code for code, step in flow.steps.items() if step.kind == "end"]
    assert ends == ["ignore", "transfer", "implement"]
    # the printed labels: 4 no + 1 cannot, 2 there is + 5 yes + 1 can, one skill, one will
    printed = [(e.start, e.answer) for e in flow.edges if e.answer and e.printed]
    assert len(set(printed)) == 15


@pytest.mark.parametrize("name", WAYS)
def test_the_six_ways_of_the_source(name: str) -> None:
    answers, path = WAYS[name]
    found = walk(answers)
    assert found.path == tuple(path.split())
    assert (found.question, found.unused) == ("", ())


def test_every_set_of_answers_comes_to_an_end_and_every_box_is_passed_by_one() -> None:
    seen = set()
    for chosen in itertools.product(["yes", "no"], repeat=len(QUESTIONS)):
        found = walk(dict(zip(QUESTIONS, chosen, strict=True)))
        assert found.end
        assert len(set(found.path)) == len(found.path)
        seen.update(found.path)
    assert seen == set(gap_flow().steps)


def test_one_question_at_a_time_and_a_step_back_is_an_answer_less() -> None:
    answers: dict[str, str] = {}
    asked = []
    while question := walk(answers).question:
        asked.append(question)
        answers[question] = "yes"
    assert asked == ["2", "3", "4", "5", "6", "7"]
    del answers["7"]
    assert walk(answers).question == "7"
    assert walk({"2": "no", "9": "yes"}).unused == ("9",)


def test_boxes_side_by_side_are_both_passed() -> None:
    found = walk({"2": "yes", "3": "yes", "4": "no", "6": "yes", "7": "yes"})
    assert found.actions == ("formal_training", "change_job", "ojt")
    rows = found.frame(gap_flow(), "en").set_index("node")
    assert rows.loc["3", "answer"] == "skill"
    assert rows.loc["formal_training", "remedy"] == "training"


def test_an_unknown_question_or_answer_is_refused() -> None:
    with pytest.raises(UnknownName, match="question '13'"):
        walk({"13": "yes"})
    with pytest.raises(UnknownName, match="answer 'maybe'"):
        walk({"2": "maybe"})
    with pytest.raises(UnknownName, match="implement"):
        bearing(
            open_book("district_one"), "implements", by="department", period="2012-09", unit="D1/05"
        )


def _edge(start: str, end: str, rest: str = "") -> str:
    return f'[[edge]]\nfrom = "{start}"\nto = "{end}"\n{rest}'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (_edge("2", "ignore", 'answer = "no"\n'), "", "'2' has the answers yes"),
        (_edge("2", "3", 'answer = "yes"'), _edge("2", "3"), "'2' has the answers no, –"),
        (_edge("2", "3", 'answer = "yes"'), _edge("2", "3", 'answer = "perhaps"'), "'perhaps'"),
        (_edge("12", "implement"), _edge("12", "2"), "leads back to itself"),
        (_edge("12", "implement", "printed = false\n"), "", "'12' leads nowhere"),
        (_edge("12", "implement"), _edge("12", "implment"), "nearest is 'implement'"),
        (_edge("12", "implement"), _edge("12", "transfer"), "nothing leads to implement"),
        (_edge("12", "implement"), _edge("ignore", "implement") + _edge("12", "implement"),
         "the end 'ignore' leads on"),
        ('kind = "process"', 'kind = "start"', "there are 2 starts"),
        ('id = "ojt"', 'id = "practice"', "the id practice comes more than once"),
        (_edge("ojt", "7"), _edge("ojt", "12"), "change_job, ojt follow '6' side by side"),
        ("x = 2\n", "", "x is missing"),
    ],
)  # fmt: skip
def test_a_flow_one_could_get_lost_in_is_refused(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "gapflow.toml"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PerfkitError) as refused:
        read_flow(path)
    assert said in str(refused.value)
    assert refused.value.text("zh")


def test_the_numbers_that_bear_on_a_question() -> None:
    book = open_book("district_one")
    found = bearing(book, "9", by="department", period="2012-09", unit="D1/05").set_index("kpi")
    assert found.index.tolist() == ["activity_rate", "large_policy_share"]
    assert found["value"].notna().all()
    assert bearing(book, "6", by="department", period="2012-09", unit="D1/05").empty


@pytest.mark.parametrize("lang", words.LANGS)
def test_the_picture_names_every_box_and_marks_the_way(lang: str) -> None:
    from matplotlib import pyplot as plt

    flow = gap_flow()
    taken = walk(WAYS["will"][0])
    ax = plot.flow(flow.nodes_frame(lang, taken), flow.edges_frame(lang, taken), lang=lang)
    said = "".join(text.get_text() for text in ax.texts).replace("\n", "").replace(" ", "")
    for step in flow.steps.values():
        assert step.names[lang].replace(" ", "") in said
    data = plot.figure_data(ax)
    assert data.loc[data["passed"], "node"].tolist() == [c for c in flow.steps if c in taken.path]
    # an arrow between two boxes passed that was not gone along is not marked
    assert not taken.took(next(e for e in flow.edges if (e.start, e.end) == ("2", "ignore")))
    plt.close(ax.figure)


def test_no_two_boxes_lie_on_each_other() -> None:
    boxes = list(gap_flow().steps.values())
    for one, other in itertools.combinations(boxes, 2):
        assert abs(one.x - other.x) > 1.9 or abs(one.y - other.y) > 0.7, (one.code, other.code)


@pytest.mark.parametrize("lang", words.LANGS)
def test_mermaid_has_a_line_a_box_and_an_arrow(lang: str) -> None:
    lines = mermaid(gap_flow(), lang).splitlines()
    assert len(lines) == 1 + 24 + 32
    assert sum("-->|" in line for line in lines) == 21
