"""The playground in a real browser: programs run on what is typed, and on memories that are edited."""

from dataclasses import replace
from random import Random

import pytest

from neuralstack.reporting import playground
from pages import go, sentence, step_of, wait_until
from programs import PROGRAMS, reversal, text_of

pytest_plugins = ("browser", "playgrounds")

HOSTILE = "</script><b/id='broken'>&amp;"
IMAGE = "<img/src=x/onerror=alert(1)>"


def result(tab):
    return tab.locator("#result").text_content()


def held(tab, which=0):
    return tab.locator(".memory").nth(which).locator(".element").all_text_contents()


def edit(tab, verb, value=None, which=0, place=0):
    memory = tab.locator(".memory").nth(which)
    if memory.locator(".element").count() > 0:
        memory.locator(".element").nth(place).click()
    if value is not None:
        memory.locator("select").select_option(label=value)
    memory.get_by_role("button", name=verb, exact=True).click()


def test_every_program_answers_what_is_typed(play):
    rng, tab = Random(0), play("parity", "1")
    for name, program in PROGRAMS.items():
        program = program.minimal()
        tab.locator("#input").select_option(label=name)
        assert tab.locator("#name").text_content() == name
        for _ in range(4):
            source = rng.choices(range(program.layout.symbols), k=rng.randint(1, 9))
            tab.locator("#text").fill(text_of(program, source))
            assert result(tab) == f"answers {text_of(program, program.answer(source)) or 'nothing'}"


def test_tape_stack_states_and_rules_move_together(play):
    tab = play("reversal", "ab")
    seen = []
    for step in range(7):
        go(tab, step)
        state = tab.locator(".diagram .state.current title").text_content()
        rule = tab.locator("tr[aria-current]").all_text_contents()
        given = tab.locator(".tape [aria-current]").all_text_contents()
        seen.append((given, held(tab), state, rule))
    push = "push_sourcea b–itpush_source"
    pop = "answera bpop–answer"
    assert seen == [
        ([], [], "push_source", []),
        (["⊢"], [], "push_source", ["push_source<start>––push_source"]),
        (["a"], ["a"], "push_source", [push]),
        (["b"], ["b", "a"], "push_source", [push]),
        (["|"], ["b", "a"], "answer", ["push_source<separator>––answer"]),
        (["b"], ["a"], "answer", [pop]),
        (["a"], [], "answer", [pop]),
    ]
    assert tab.locator("[data-output]").text_content() == "ba⊣"
    described = tab.locator(".diagram").get_attribute("aria-label")
    assert described == "Diagram of 2 states: now in answer, reached from answer"
    assert tab.locator(".arrow.taken title").text_content() == "answer → answer: a b: pop"


def test_a_step_is_described_in_words(play):
    tab = play("reversal", "ab")
    assert sentence(tab) == "Step 0 of 6: before the first token; state push_source; the stack is empty."
    go(tab, 3)
    assert sentence(tab).endswith("given b; pushes b to the stack; state push_source; the stack holds 2, b on top.")
    go(tab, 5)
    expected = "given b; pops b from the stack; state answer; the stack holds 1, a on top; answers a."
    assert sentence(tab).endswith(expected)
    assert tab.locator("#sentence").get_attribute("aria-live") == "polite"


def test_an_edit_changes_the_answers_from_there_on(play):
    tab = play("reversal", "abb")
    go(tab, 5)
    edit(tab, "Change", "a")
    assert (step_of(tab), held(tab)) == (5, ["a", "b", "a"])
    tab.locator(".element").nth(1).click()
    assert tab.locator(".editor select option:checked").text_content() == "b"
    assert result(tab) == "answers aba; without the edits, bba"
    assert sentence(tab).endswith("answers a, without the edits b.")
    edit(tab, "Insert", "b", place=2)
    assert result(tab) == "answers abba; without the edits, bba"
    edit(tab, "Remove", place=1)
    assert held(tab) == ["a", "b", "a"]
    tab.keyboard.press("End")
    changed = tab.locator("[data-output] .changed")
    assert changed.all_text_contents() == ["a"]
    assert changed.evaluate("(one) => getComputedStyle(one, '::after').content") == '"≠"'
    edits = tab.locator("#edits li span").all_text_contents()
    assert edits == [
        "After step 5: the top of the stack becomes a",
        "After step 5: b is put in at place 3 from the top of the stack",
        "After step 5: place 2 from the top of the stack is removed",
    ]
    tab.locator("#edits button").first.click()
    assert result(tab) == "answers bba; without the edits, bba"
    tab.locator("#reset").click()
    assert (result(tab), tab.locator("#edited").is_visible()) == ("answers bba", False)


def test_an_empty_memory_and_each_of_several_can_be_edited(play):
    tab = play("mirror", "ab")
    assert tab.locator(".memory h3").all_text_contents() == ["stack", "queue"]
    edit(tab, "Insert", "c", which=1)
    assert (held(tab, 0), held(tab, 1)) == ([], ["c"])
    go(tab, 2)
    assert (held(tab, 0), held(tab, 1)) == (["b", "a"], ["c", "a", "b"])
    assert tab.locator(".memory").nth(1).locator(".element.edited").all_text_contents() == ["c"]
    assert tab.locator("#edits li span").text_content() == "After step 0: c is put in at the front of the queue"


def test_the_address_holds_program_input_step_and_edits(play, opened, page_of_all):
    tab = play("reversal", "abb")
    go(tab, 5)
    edit(tab, "Change", "a")
    address = "#program=reversal&input=abb&step=5&edit=5.0.0.change.0"
    wait_until(lambda: tab.evaluate("location.hash") == address)
    tab = opened(page_of_all, fragment=address)
    assert (tab.locator("#text").input_value(), step_of(tab)) == ("abb", 5)
    assert result(tab) == "answers aba; without the edits, bba"
    tab.evaluate("location.hash = '#program=words&input=me3+the&step=99'")
    tab.locator("#name", has_text="words").wait_for()
    assert (result(tab), step_of(tab)) == ("answers me3 the", 6)


@pytest.mark.parametrize(
    "fragment",
    [
        "#program=none&input=a",
        "#program=reversal&input=ab&step=-9e99&edit=1.7.0.change.0&edit=1.0.0.change.99&edit=x&edit=9.0.0.constructor.1",
        "#program=reversal&input=ab&step=NaN&edit=1.0.0.change",
        "#%zz&program=constructor",
        f"#program=reversal&input={IMAGE}",
    ],
)
def test_an_address_that_names_nothing_does_no_harm(opened, page_of_all, fragment):
    tab = opened(page_of_all, fragment="#program=mirror&input=abc&step=3")
    tab.evaluate("(fragment) => (location.hash = fragment)", fragment)
    tab.locator("#name", has_text="mirror").wait_for(state="hidden")
    tab.locator("#next").dispatch_event("click")
    tab.keyboard.press("End")
    tab.locator("#input").select_option(label="reversal")
    tab.locator("#text").fill("ab")
    assert result(tab) == "answers ba"
    assert tab.locator("main img").count() == 0


def test_what_is_not_a_symbol_is_named_with_those_that_are(play):
    tab = play("reversal", "abx")
    assert tab.locator("#alert").text_content() == "“x” is not a symbol of this program, which takes a b."
    assert tab.locator("#text").get_attribute("aria-invalid") == "true"
    tab.locator("#text").fill("")
    assert tab.locator("#alert").text_content() == "Type at least one symbol: this program takes a b."
    tab.locator("#text").fill("ab")
    assert (tab.locator("#alert").text_content(), result(tab)) == ("", "answers ba")
    tab = play("words", "the cat")
    assert tab.locator("#alert").text_content().endswith("takes the a me3, with spaces between them.")


def test_a_run_that_stops_says_why(opened):
    program = reversal("ab")
    tab = opened(playground({"stuck": replace(program, rules=(program.rules[0], *[(None,) * 5] * 2))}))
    tab.locator("#text").fill("ab")
    assert result(tab).startswith("stops after step 4: There is no rule for b in the state")
    go(tab, 4)
    assert (step_of(tab), tab.locator("#step").get_attribute("max"), held(tab)) == (4, "4", ["b", "a"])


def test_keys_step_play_and_go_to_the_ends_but_not_while_typing(play):
    tab = play("reversal", "ab")
    tab.locator("#text").press("ArrowLeft")
    assert step_of(tab) == 0
    tab.locator("#step").focus()
    found = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "Home"):
        tab.keyboard.press(key)
        found.append(step_of(tab))
    assert found == [1, 2, 1, 6, 6, 0]
    tab.keyboard.press("Space")
    assert tab.locator("#play").get_attribute("aria-label") == "Pause"
    wait_until(lambda: step_of(tab) >= 1)


def test_the_chosen_element_keeps_the_focus_while_stepping(play):
    tab = play("reversal", "abab")
    go(tab, 4)
    tab.locator(".element").nth(1).focus()
    tab.keyboard.press("Enter")
    for key, expected in (("ArrowRight", "2"), ("ArrowLeft", "3")):
        tab.keyboard.press(key)
        assert tab.locator(".element").count() == 3 + (expected == "2")
        assert tab.evaluate("document.activeElement.dataset.place") == "1"
        assert tab.locator(".element[aria-pressed=true]").count() == 1


def test_an_edit_while_the_input_is_refused_is_one_of_the_run_that_is_shown(play):
    tab = play("reversal", "abb")
    go(tab, 5)
    tab.locator("#text").fill("ab?")
    edit(tab, "Change", "a")
    assert result(tab) == "answers aba; without the edits, bba"
    assert tab.locator("#alert").text_content() != ""


def test_names_and_symbols_that_look_like_html_do_no_harm(opened):
    tab = opened(playground({HOSTILE: reversal((HOSTILE, IMAGE, "\x1b[2J")), "other": reversal("ab")}))
    tab.locator("#text").fill(f"{IMAGE} {HOSTILE} \x1b[2J")
    assert result(tab) == f"answers \\x1b[2J {HOSTILE} {IMAGE}"
    tab.locator("#text").fill(f"{IMAGE}<b/id=broken>")
    assert f"{IMAGE}<b/id=broken>" in tab.locator("#alert").text_content()
    edit(tab, "Insert", IMAGE)
    tab.keyboard.press("End")
    assert tab.locator("#broken, main b, main img").count() == 0
    assert tab.locator("#name").text_content() == HOSTILE
    assert tab.locator("#input option").first.text_content() == HOSTILE
    assert IMAGE in tab.locator("#edits").text_content()


@pytest.mark.slow
def test_a_hundred_thousand_symbols_are_answered_without_freezing(play):
    measure = """async () => {
        const pause = () => new Promise((resume) => setTimeout(resume));
        let [longest, last, going] = [0, performance.now(), true];
        const watch = () => {
            longest = Math.max(longest, performance.now() - last);
            last = performance.now();
            if (going) setTimeout(watch);
        };
        watch();
        document.getElementById("text").value = "aab".repeat(33333) + "b";
        document.getElementById("text").dispatchEvent(new Event("input"));
        while (!document.getElementById("result").textContent.includes("100,000")) await pause();
        for (const step of [100000, 50000, 150000, 200002]) {
            document.getElementById("step").value = step;
            document.getElementById("step").dispatchEvent(new Event("input"));
            await pause();
        }
        going = false;
        return longest;
    }"""
    tab = play("reversal", "ab")
    assert tab.evaluate(measure) < 1000  # milliseconds
    assert result(tab).startswith("answers bbaabaabaa")
    assert sentence(tab).startswith("Step 200002 of 200002: given a; pops a from the stack")
    go(tab, 100_001)
    assert tab.locator(".holds").text_content() == "100,000 elements"
    assert tab.locator("*").count() < 500
