"""The flow of the gateway tests for calls that are recorded: callers are told so first."""

from __future__ import annotations

from tests.media.gateway_parts import FLOW

RECORDED_FLOW = FLOW.replace(
    "  hello: {say: hello, next: what}",
    "  hello: {say: hello, next: notice}\n  notice: {say: recorded_notice, next: what}",
).replace("prompts:\n", "prompts:\n  recorded_notice: {en: This call may be recorded., zh-CN: 通话会录音。}\n")
