"""The utility whose console the tests look at."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from settings import RecognizerSection, Settings, Speech, Utility, VoiceSection


def settings_of(home: Path) -> Settings:
    return Settings(
        home=home,
        secret_key=SecretStr("a secret of the tests"),
        utility=Utility(name={"en": "Riverside Power", "zh-CN": "滨江供电"}),
        speech=Speech(
            recognizers={"en": RecognizerSection(engine="none")}, voices={"en": VoiceSection(voice="gmw/en-US")}
        ),
    )
