"""What the gateway itself says to callers, beside what flows say. Languages without a text get the English one."""

from __future__ import annotations

from typing import Final

_TEXTS: Final = {
    "keypad_only": {
        "en": "Speech is not understood in this language here. Please use the keypad, or type the words.",
        "zh-CN": "此处暂不支持该语言的语音识别，请使用按键，或输入文字。",
    },
    "no_transfer": {
        "en": "Calls cannot be put through to another number from this phone.",
        "zh-CN": "此电话暂时无法转接到其他号码。",
    },
    "no_voice": {
        "en": "The voice is out of order. Please read the captions.",
        "zh-CN": "语音播报暂时不可用，请阅读字幕。",
    },
    "apology": {
        "en": "We are sorry, the hotline is out of order at the moment. Please call again in a few minutes.",
        "zh-CN": "非常抱歉，热线暂时出现故障，请您几分钟后再拨。",
    },
    "too_long": {
        "en": "This call has reached its time limit. Please call again. Goodbye.",
        "zh-CN": "本次通话已达到时间上限，如有需要请再次来电。再见。",
    },
}


def text(code: str, language: str) -> str:
    texts = _TEXTS[code]
    return texts.get(language, texts["en"])
