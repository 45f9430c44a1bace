"""What was said, out of what a transcriber writes: no marks of a model, and nothing that it invents."""

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import GarbledAnswer
from core.llm.body import WholeResponse
from core.llm.refusals import Refused
from core.llm.transcript_text import words_of, words_of_segments
from core.llm.transcriptions import read_transcript

INVENTED = [
    "Thank you for watching!",
    "Thanks for watching.",
    "Субтитры сделал DimaTorzok",
    "[BLANK_AUDIO]",
    "[Music]",
    ". . .",
    "...",
    "♪ ♪",
    "(music playing)",
    "(upbeat music)",
    "(audience laughing)",
    "*applause*",
    "You",
    "you.",
    "Thank you for watching! Please subscribe.",
    "Subtitles by the Amara.org community",
    "Untertitel der Amara.org-Community",
    "Untertitel im Auftrag des ZDF für funk, 2017",
    "Sous-titrage Société Radio-Canada",
    "Sous-titres réalisés par la communauté d'Amara.org",
    "Gracias por ver el video.",
    "Продолжение следует...",
    "Редактор субтитров А.Семкин Корректор А.Егорова",
    "ご視聴ありがとうございました",
    "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
    "字幕由Amara.org社区提供",
    "시청해주셔서 감사합니다.",
    "Vielen Dank fürs Zuschauen!",
    "Merci d’avoir regardé cette vidéo !",
    "Dziękuję za uwagę.",
    "[MUSIC PLAYING] [SILENCE]",
    "【音楽】",
    "<|nospeech|><|EMO_UNKNOWN|>",
    "language None<asr_text>",
    "Thanks for watching, and don't forget to like and subscribe.",
    "See you in the next video. Bye bye!",
    "Untertitel von Stephanie Geiges",
    "❤️ par SousTitreur.com",
    "¡Suscríbete al canal!",
    "Legendas pela comunidade Amara.org",
    "Inscreva-se no canal!",
    "Grazie per la visione!",
    "Danske tekster af",
    "Titulky vytvořil JohnyX.",
    "Abone olmayı, yorum yapmayı ve beğen butonuna basmayı unutmayın.",
    "Υπότιτλοι AUTHORWAVE",
    "Подписывайтесь на наш канал!",
    "次の動画でお会いしましょう",
    "優優獨播劇場——YoYo Television Series Exclusive",
    "한글자막 by 한효정",
    "شكرا على المشاهدة",
    "תודה שצפיתם",
    "Jangan lupa subscribe",
    "Hãy subscribe cho kênh Ghiền Mì Gõ Để không bỏ lỡ những video hấp dẫn",
    "ขอบคุณที่รับชมครับ",
    "(birds chirping)",
]
SPOKEN = {
    "language English<asr_text>What is the weather?": "What is the weather?",
    "<|en|><|NEUTRAL|><|Speech|><|withitn|>What is the weather?": "What is the weather?",
    "language Chinese<asr_text>今天天气怎么样？": "今天天气怎么样？",
    "<|startoftranscript|><|de|><|transcribe|><|0.00|> Guten Morgen.<|2.40|>": "Guten Morgen.",
    "[_BEG_] Send it now.[_TT_150]": "Send it now.",
    "[Music] We ship on Friday.": "We ship on Friday.",
    "We ship on Friday. Субтитры сделал DimaTorzok": "We ship on Friday.",
    "我们周五发布。字幕由Amara.org社区提供": "我们周五发布。",
    "WEBVTT - talk\n\n1\n00:00.000 --> 00:02.000 align:start\nWe ship\n\n00:02.000 --> 00:04.000\non Friday.": (
        "We ship on Friday."
    ),
    "1\r\n00:00:00,000 --> 00:00:02,000\r\nWe ship on Friday.\r\n": "We ship on Friday.",
    "2\nthings (the noise that we talked about)": "2 things (the noise that we talked about)",
    "Thank you.": "Thank you.",
    "Say thank you for watching to the guests.": "Say thank you for watching to the guests.",
    "Thank you for watching the children yesterday.": "Thank you for watching the children yesterday.",
    "Can you write the subtitles for my film?": "Can you write the subtitles for my film?",
    "It costs 3.5 million (in dollars).": "It costs 3.5 million (in dollars).",
    "Ich habe die Untertitel von Anna bekommen, danke.": "Ich habe die Untertitel von Anna bekommen, danke.",
    "Please subscribe me to the newsletter.": "Please subscribe me to the newsletter.",
    "See you next week in Berlin.": "See you next week in Berlin.",
    "What language is spoken in Malta?": "What language is spoken in Malta?",
    "a < b and c > d": "a < b and c > d",
}


@pytest.mark.parametrize("text", INVENTED)
def test_what_is_invented_is_nothing(text: str) -> None:
    """Over noise or silence, in any language, and however often."""
    assert words_of(text) == ""
    assert words_of(f" {text}\n{text} ") == ""


@pytest.mark.parametrize("text", SPOKEN)
def test_what_was_said_stands_alone(text: str) -> None:
    """Without a model's marks; what only resembles an invention is kept."""
    assert words_of(text) == SPOKEN[text]


@given(st.lists(st.text("abcdefghij ", min_size=1, max_size=20), max_size=8))
def test_plain_words_are_never_lost(words: list[str]) -> None:
    """Nor doubled, nor put in another order."""
    text = " ".join(words)
    assert words_of(text) == " ".join(text.split())


@given(st.text(max_size=400))
def test_nothing_is_added(text: str) -> None:
    """Whatever a transcriber writes, what is left is a part of it."""
    words = words_of(text)
    assert len(words) <= len(text)


def segment(text: str, silent: float = 0.01, logprob: float = -0.2, ratio: float = 1.2) -> dict[str, object]:
    """Return a segment as whisper describes it."""
    return {"text": text, "no_speech_prob": silent, "avg_logprob": logprob, "compression_ratio": ratio}


@pytest.mark.parametrize(
    "failed",
    [
        segment(" 2,5%", 0.68, -0.88, 0.93),  # faster-whisper's base model over white noise
        segment(" ...", 0.76, -0.73, 1.64),  # and over silence
        segment(" Hello there", 0.95, -0.9),
        segment(" la la la la la la la la", ratio=7.9),
        segment(" Mhm so", 0.2, -1.4),
    ],
)
def test_a_segment_that_failed_by_its_figures_is_left_out(failed: dict[str, object]) -> None:
    """And the others stay."""
    assert words_of_segments([failed]) == ""
    assert words_of_segments([segment(" We ship"), failed, segment(" on Friday.")]) == "We ship on Friday."


def response(content: str | bytes, media_type: str | None = "application/json") -> WholeResponse:
    """Return a response of an endpoint."""
    headers = {"content-type": media_type} if media_type else {}
    return WholeResponse(200, httpx.Headers(headers), content.encode() if isinstance(content, str) else content)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("well heard\n", "text/plain; charset=utf-8"),
        ("well heard", None),
        ('"well heard"', "application/json"),
        ('{"text": "well heard"}', "text/plain"),
        ('{"text": "", "segments": [{"text": " well"}, {"text": " heard"}]}', "application/json"),
        ('{"text": "well heard", "segments": [], "words": null}', "application/json"),
        (json.dumps({"text": "all", "segments": [segment(" well heard"), segment(" x", 0.9, -2.0)]}), "text/json"),
    ],
)
def test_every_form_of_a_transcript_is_read(content: str, media_type: str | None) -> None:
    """Plain text is one too."""
    assert read_transcript(response(content, media_type)) == "well heard"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("<!DOCTYPE html><html>Sign in</html>", "text/html"),
        ("<html>Sign in</html>", "text/plain"),
        ("[1, 2]", "application/json"),
        ("{}", "application/json"),
        ('{"text": ', "text/plain"),
        ("RIFF....", "audio/wav"),
    ],
)
def test_what_is_no_transcript_is_garbled(content: str, media_type: str) -> None:
    """A page least of all."""
    with pytest.raises(GarbledAnswer):
        read_transcript(response(content, media_type))


def test_a_complaint_under_a_good_status_is_one() -> None:
    """LM Studio answers so at a path that it does not have."""
    with pytest.raises(Refused):
        read_transcript(response('{"error": "Unexpected endpoint or method. (POST /audio/transcriptions)"}'))
