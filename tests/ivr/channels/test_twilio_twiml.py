"""What Twilio is told to do with a caller."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.channels.twilio import forms
from ivr.channels.twilio.twiml import apology, render
from ivr.channels.twilio.urls import Urls
from ivr.events import Digits, Recorded
from ivr.outputs import (
    Gather,
    Hangup,
    Heard,
    KeyInput,
    NodeEntered,
    Output,
    Record,
    Say,
    Segment,
    SpeechInput,
    Transfer,
)

CALL = "0" * 32
URLS = Urls("https://ivr.example.org")
TURN = f"https://ivr.example.org/twilio/turn?call={CALL}&turn=3"


def say(text: str, language: str = "en", barge_in: bool = True) -> Say:
    return Say((Segment(text, language),), barge_in)


def gather(keys: KeyInput | None = KeyInput(), speech: SpeechInput | None = None, **more) -> Gather:  # noqa: B008
    return Gather(language=more.pop("language", "en"), keys=keys, speech=speech, **more)


def document(*outputs: Output, **options) -> ElementTree.Element:
    text = render(outputs, call_id=CALL, turn=3, urls=URLS, **options)
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?><Response>')
    return ElementTree.fromstring(text)


def shape(element: ElementTree.Element) -> list:
    return [(child.tag, shape(child)) if len(child) else child.tag for child in element]


def test_a_prompt_that_may_be_interrupted_stands_inside_the_gather():
    response = document(say("Press 1."), gather())
    assert shape(response) == [("Gather", ["Say"])]
    assert response.find("Gather").attrib == {
        "input": "dtmf",
        "action": TURN,
        "method": "POST",
        "actionOnEmptyResult": "true",
        "numDigits": "1",
        "finishOnKey": "#",
        "timeout": "5",
        "bargeIn": "true",
    }


def test_a_prompt_that_must_be_heard_stands_before_the_gather_with_all_that_precede_it():
    response = document(say("Hello."), say("Danger: stay away!", barge_in=False), say("Press 1."), gather())
    assert shape(response) == ["Say", ("Gather", ["Say"])]
    assert response.find("Say").text == "Hello. Danger: stay away!"
    assert response.find("Gather/Say").text == "Press 1."


def test_a_wait_without_barge_in_has_nothing_inside():
    response = document(say("Listen."), gather(barge_in=False))
    assert shape(response) == ["Say", "Gather"]
    assert response.find("Gather").get("bargeIn") == "false"


def test_speech_and_keys_together():
    wait = gather(KeyInput(), SpeechInput(("power outage", "no, power, at all", "power outage")), language="zh-CN")
    attributes = document(wait).find("Gather").attrib
    assert attributes["input"] == "dtmf speech"
    assert attributes["language"] == "cmn-Hans-CN"
    assert attributes["hints"] == "power outage, no power at all"
    assert attributes["speechTimeout"] == "1"
    assert attributes["maxSpeechTime"] == "15"


def test_speech_alone_has_nothing_about_keys():
    attributes = document(gather(None, SpeechInput(free=True))).find("Gather").attrib
    assert attributes["input"] == "speech"
    assert "numDigits" not in attributes
    assert "hints" not in attributes


def test_hints_stay_within_twilio_s_limits():
    phrases = ("x" * 101, *(f"phrase {number}" for number in range(600)))
    hints = document(gather(None, SpeechInput(phrases))).find("Gather").get("hints").split(", ")
    assert len(hints) == 500
    assert hints[0] == "phrase 0"


def test_the_longer_of_the_two_times_is_given_because_twilio_has_one():
    keys = KeyInput(min_digits=1, max_digits=8, terminator="", inter_digit_s=6.2)
    attributes = document(gather(keys, first_input_s=4.0)).find("Gather").attrib
    assert (attributes["timeout"], attributes["numDigits"], attributes["finishOnKey"]) == ("7", "8", "")


def test_a_single_key_is_not_waited_for_longer_than_asked():
    assert document(gather(KeyInput(inter_digit_s=9), first_input_s=4)).find("Gather").get("timeout") == "4"


def test_a_recording_comes_back_to_the_turn_and_an_empty_one_too():
    response = document(say("After the tone."), Record(max_s=60.5))
    assert shape(response) == ["Say", "Record", "Redirect"]
    assert response.find("Record").attrib == {
        "action": TURN,
        "method": "POST",
        "maxLength": "61",
        "timeout": "4",
        "finishOnKey": "#",
        "playBeep": "true",
        "recordingStatusCallback": f"https://ivr.example.org/twilio/status?call={CALL}&turn=3",
        "recordingStatusCallbackMethod": "POST",
        "recordingStatusCallbackEvent": "completed absent",
    }
    assert response.find("Redirect").text == TURN + "&empty=1"
    assert response.find("Redirect").get("method") == "POST"


@pytest.mark.parametrize(("to", "noun"), [("+8657100000000", "Number"), ("sip:desk@pbx.example.org", "Sip")])
def test_a_transfer_comes_back_when_it_is_over(to, noun):
    response = document(say("One moment."), Transfer(to, 25))
    assert shape(response) == ["Say", ("Dial", [noun])]
    assert response.find("Dial").attrib == {"timeout": "25", "action": TURN, "method": "POST"}
    assert response.find(f"Dial/{noun}").text == to


def test_the_end_of_a_call():
    assert shape(document(say("Goodbye."), Hangup())) == ["Say", "Hangup"]


def test_the_voice_fits_the_language_and_neighbours_are_said_in_one_breath():
    response = document(
        say("您好", "zh-CN"), say("请按一", "zh-CN"), say("Press one", "en"), say("Bonjour", "fr-FR"), Hangup()
    )
    spoken = [(e.get("voice"), e.get("language"), e.text) for e in response.findall("Say")]
    assert spoken == [
        ("Polly.Zhiyu", "cmn-CN", "您好 请按一"),
        ("Polly.Joanna", "en-US", "Press one"),
        (None, "fr-FR", "Bonjour"),
    ]


def test_a_recorded_prompt_is_played_in_its_place():
    segments = (Segment("Welcome.", "en", "welcome"), Segment("It is 5.", "en"), Segment("Bye.", "en", "bye"))

    def playable(segment):
        return URLS.prompt("en", "welcome") if segment.prompt == "welcome" else None

    response = document(Say(segments), gather(), playable=playable)
    assert shape(response) == [("Gather", ["Play", "Say"])]
    assert response.find("Gather/Play").text == "https://ivr.example.org/twilio/prompts/en/welcome.wav"
    assert response.find("Gather/Say").text == "It is 5. Bye."


def test_a_long_text_is_cut_into_what_twilio_takes():
    texts = [e.text for e in document(say("word " * 2000), Hangup()).findall("Say")]
    assert max(map(len, texts)) <= 4096
    assert "".join(texts) == ("word " * 2000).strip()


def test_the_timeline_is_not_told_to_twilio():
    timeline = (NodeEntered("main", "menu", "menu"), Heard("menu", "keys", "match", "1"))
    assert shape(document(*timeline, say("Hi."), gather())) == [("Gather", ["Say"])]


def test_a_turn_that_ends_in_no_wait_is_our_mistake():
    with pytest.raises(ValueError, match="must end in a wait"):
        render([say("Hello.")], call_id=CALL, turn=0, urls=URLS)
    with pytest.raises(ValueError, match="must end in a wait"):
        render([], call_id=CALL, turn=0, urls=URLS)


@given(
    text=st.text(alphabet=st.characters(), min_size=1), phrase=st.text(alphabet=st.characters()), to=st.text(min_size=1)
)
def test_any_text_makes_a_document_that_can_be_read(text, phrase, to):
    """Control characters, markup, halves of surrogates: a caller's name must not end the call."""
    spoken = document(say(text), gather(None, SpeechInput((phrase,)))).find("Gather/Say")
    if text.isprintable() and text.strip():
        assert spoken.text == text.strip()
    document(say(text), Transfer(to))


def test_markup_in_a_text_stays_text():
    response = document(say('Tom & Jerry <Hangup/> "quoted"'), gather())
    assert response.find("Gather/Say").text == 'Tom & Jerry <Hangup/> "quoted"'


def test_an_apology_tries_once_more():
    response = ElementTree.fromstring(apology("Sorry.", "en", retry_url="https://ivr.example.org/twilio/voice?retry=1"))
    assert shape(response) == ["Say", "Pause", "Redirect"]


def test_an_apology_puts_through_or_ends():
    assert shape(ElementTree.fromstring(apology("Sorry.", "en", transfer_to="+861"))) == [
        "Say",
        ("Dial", ["Number"]),
        "Hangup",
    ]
    assert shape(ElementTree.fromstring(apology("Sorry.", "en"))) == ["Say", "Hangup"]


def test_keys_that_work_everywhere_end_a_message_and_are_told_with_it() -> None:
    response = document(Record(max_s=60, commands=("7", "0", "*")))
    assert response.find("Record").get("finishOnKey") == "#70*"
    form = {
        "RecordingSid": "RE" + "4" * 32, "RecordingUrl": "https://api.twilio.com/x", "RecordingDuration": "9",
        "CallStatus": "in-progress",
    }  # fmt: skip
    turn = forms.turn(form | {"Digits": "7"}, {})
    assert turn.event == Digits("7")
    assert turn.recording is not None
    assert turn.recording.seconds == 9
    assert isinstance(forms.turn(form | {"Digits": "#"}, {}).event, Recorded)
    assert isinstance(forms.turn(form | {"Digits": "hangup"}, {}).event, Recorded)
