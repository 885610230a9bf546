"""What the gateway itself says to callers, beside what flows say. Languages without a text get the English one."""

from __future__ import annotations

from typing import Final

from ivr.outputs import Say, Segment

_TEXTS: Final = {
    "keypad_only": {
        "en": "Speech is not understood in this language here. Please use the keypad, or type the words.",
        "zh-CN": "此处暂不支持该语言的语音识别，请使用按键，或输入文字。",
    },
    "one_moment": {
        "en": "One moment, please.",
        "zh-CN": "请稍等。",
    },
    "ears_busy": {
        "en": "Many callers are speaking just now. Please use the keypad.",
        "zh-CN": "当前说话的来电较多，请使用按键操作。",
    },
    "no_transfer": {
        "en": "Calls cannot be put through to another number from this phone.",
        "zh-CN": "此电话暂时无法转接到其他号码。",
    },
    "still_waiting": {
        "en": "All our agents are still talking. Please stay on the line, the next who is free will be with you.",
        "zh-CN": "坐席仍在忙线中，请您不要挂机，我们会尽快为您接通。",
    },
    "another_colleague": {
        "en": "The connection to my colleague was lost. Please stay on the line, another colleague will be with you.",
        "zh-CN": "与坐席的连接中断了，请您不要挂机，马上由另一位同事为您服务。",
    },
    "no_voice": {
        "en": "The voice is out of order. Please read the captions.",
        "zh-CN": "语音播报暂时不可用，请阅读字幕。",
    },
    "apology": {
        "en": "We are sorry, the hotline is out of order at the moment. Please call again in a few minutes.",
        "zh-CN": "非常抱歉，热线暂时出现故障，请您几分钟后再拨。",
    },
    "apology_transfer": {
        "en": "We are sorry, the hotline is being restored. One moment, you are being put through.",
        "zh-CN": "非常抱歉，热线系统正在恢复，请稍候，正在为您转接。",
    },
    "too_long": {
        "en": "This call has reached its time limit. Please call again. Goodbye.",
        "zh-CN": "本次通话已达到时间上限，如有需要请再次来电。再见。",
    },
}


def text(code: str, language: str) -> str:
    texts = _TEXTS[code]
    return texts.get(language, texts["en"])


def say(code: str, language: str) -> Say:
    """Said under the name `code`, so that a recording of it is played where there is one."""
    return Say((Segment(text(code, language), language, code),))


def every(language: str) -> tuple[str, ...]:
    """All there is, as said in `language`."""
    return tuple(text(code, language) for code in _TEXTS)
