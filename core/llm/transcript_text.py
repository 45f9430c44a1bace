"""The words of a transcript: without a model's marks, and without what it invents where nothing was said. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

# OpenAI's API reference calls a segment failed beyond these (audio, verbose_json); whisper itself looks for no speech
# from 0.6 on, where the words are unlikely as well.
LEAST_LOGPROB, MOST_COMPRESSION = -1.0, 2.4
NO_SPEECH, UNLIKELY = 0.6, -0.5

BEFORE_WORDS = re.compile(r"(?:language\s+[\w-]{1,40}\s*)?</?asr_text>", re.IGNORECASE)  # Qwen3-ASR
TOKENS = re.compile(r"<\|[^|<>]{0,40}\|>|\[_[A-Z]{1,8}_?\d{0,6}\]|</?(?:noise|unk|silence|music)>")  # SenseVoice
ASIDES = re.compile(r"\[[^\[\]]{0,60}\]|【[^【】]{0,60}】|\*[^*\n]{1,60}\*|[♩♪♫♬]+")
PARENTHESES = re.compile(r"[(\uff08][^()\uff08\uff09]{0,60}[)\uff09]")
CUES = re.compile(r"^(?:WEBVTT[^\n]*|NOTE [^\n]*|\d{1,6}|[\d:.,]{5,16} +--> [^\n]*)\r?$", re.MULTILINE)  # of subtitles
SENTENCES = re.compile(r"(?<=[.!?…])(?=\s)|(?<=[。\uff01\uff1f\n])")
APOSTROPHES = "'\u2019\u02bc"

# Sounds that transcribers name in parentheses, by how they begin.
SOUNDS = (
    "music", "musik", "musique", "música", "musica", "музыка", "音楽", "音乐", "applau", "aplausos",
    "аплодисменты",
    "laugh", "lachen", "rires", "risas", "silence", "stille", "silencio", "тишина", "noise",
    "background", "inaudible",
    "unintelligible", "unverständlich", "cough", "sigh", "breath", "static", "wind", "beep", "click",
    "typing",
    "keyboard", "engine", "blank", "no speech", "no audio", "speaking in foreign", "speaks",
)  # fmt: skip

ENDING_SOUNDS = ("music", "laugh", "applau", "noise", "silence", "cheer", "chatter")  # as in `(upbeat music)`
MOST_WORDS = 4  # of a sound that ends so

# Credits of the subtitles that models learnt from: nobody says them in a voice note, so that they go from anywhere.
CREDITS = re.compile(
    r"dimatorzok|amara ?org|субтитры (?:сделал|создавал|подогнал|делал|и редактор)|редактор субтитров|\bкорректор \S "
    r"|sous titr\w+ (?:réalisé|par|société|fr)|untertitel(?:ung)? (?:der|des|im auftrag|von|aufgrund|bbd)"
    r"|subtitles? (?:made |created )?by|transcri(?:bed|ption) by (?:otter|eso|cast)|captions? by|altyazı"
    r"|subtítulos (?:realizados|por|hechos)|legendas? (?:pela|por)|sottotitoli (?:creati|e revisione|a cura)"
    r"|ondertitel\w* (?:ingediend|door|tv gelderland)|napisy (?:stworzone|by)|undertekster av|titulky vytvořil"
    r"|字幕(?:by|由|製作|志愿|志願|制作|組)|请不吝点赞|請不吝點贊|mbc 뉴스|자막 제공|copyright (?:wdr|zdf|ard|br) "
    r"|swr 20\d\d|zdf für funk|^www [a-z ]{2,30} (?:com|org|de|fr|tv)$"
)

# Farewells of films: invented where they are all that was heard, and said by somebody in any other place.
INVENTED = frozenset({
    "you", "you you", "thank you for watching", "thanks for watching", "thank you so much for watching",
    "the end", "to be continued", "thank you very much for watching",
    "thanks for watching and see you next time", "thank you for listening", "subscribe",
    "thank you for watching please subscribe", "thanks for watching bye", "please subscribe",
    "please subscribe to my channel", "please like and subscribe", "dont forget to like and subscribe",
    "like and subscribe", "see you in the next video", "ill see you in the next video", "see you next time",
    "ill see you next time", "well be right back", "subtitles", "продолжение следует", "спасибо за просмотр",
    "подписывайтесь на канал", "спасибо за внимание", "дякую за перегляд", "vielen dank fürs zuschauen",
    "vielen dank für ihre aufmerksamkeit", "danke fürs zuschauen", "bis zum nächsten mal",
    "vielen dank fürs zuhören", "untertitel", "sous titres", "merci davoir regardé cette vidéo",
    "merci davoir regardé", "merci davoir regardé la vidéo", "abonnez vous", "gracias por ver el video",
    "gracias por ver el vídeo", "gracias por ver", "suscríbete", "suscríbete al canal",
    "obrigado por assistir",
    "inscreva se no canal", "grazie per aver guardato il video", "grazie per la visione",
    "iscriviti al canale",
    "bedankt voor het kijken", "tot de volgende keer", "dziękuję za uwagę", "dziękuję za obejrzenie",
    "dziękuje za oglądanie", "tack för att ni tittade", "tack för att du tittade", "textning",
    "takk for at du så på", "tak fordi du så med", "kiitos kun katsoitte", "děkuji za pozornost",
    "köszönöm a figyelmet", "izlediğiniz için teşekkür ederim", "izlediğiniz için teşekkürler",
    "abone olmayı unutmayın", "ご視聴ありがとうございました", "ご清聴ありがとうございました",
    "最後までご視聴いただきありがとうございます", "チャンネル登録お願いします",
    "谢谢观看", "謝謝觀看", "感谢观看", "感謝觀看", "谢谢收看", "謝謝收看", "我们下期再见",
    "多谢您的观看", "시청해주셔서 감사합니다", "시청해 주셔서 감사합니다",
    "구독과 좋아요 부탁드립니다", "다음 영상에서 만나요", "شكرا للمشاهدة", "اشتركوا في القناة",
    "ترجمة نانسي قنقر", "תודה על הצפייה",
    "terima kasih telah menonton", "cảm ơn các bạn đã theo dõi", "hãy subscribe cho kênh la la school",
    "ขอบคุณที่รับชม",
})  # fmt: skip


def words_of(text: str) -> str:
    """Return what was said, of all that a transcriber wrote; empty where it heard sounds only, or invented it all."""
    text = CUES.sub(" ", text) if "-->" in text else text
    text = TOKENS.sub(" ", BEFORE_WORDS.sub(" ", text))
    text = PARENTHESES.sub(_without_sound, ASIDES.sub(" ", text))
    spoken = [each for each in SENTENCES.split(text) if _plain(each) and not CREDITS.search(_plain(each))]
    if all(_plain(each) in INVENTED for each in spoken) or _plain("".join(spoken)) in INVENTED:
        return ""
    return " ".join("".join(spoken).split())


def words_of_segments(segments: Iterable[Mapping[str, Any]]) -> str:
    """Return the words of the segments in which something was said: `text` with whisper's figures, where it has any.

    The figures are `no_speech_prob`, `avg_logprob` and `compression_ratio` (OpenAI API reference, verbose_json).
    """
    heard = (each["text"].strip() for each in segments if isinstance(each.get("text"), str) and not _is_failed(each))
    return words_of(" ".join(heard))


def _is_failed(segment: Mapping[str, Any]) -> bool:
    """Whether nothing was said there, by the model's own figures."""
    logprob, silent, ratio = (_figure(segment, name) for name in ("avg_logprob", "no_speech_prob", "compression_ratio"))
    return logprob < LEAST_LOGPROB or ratio > MOST_COMPRESSION or (silent > NO_SPEECH and logprob < UNLIKELY)


def _figure(segment: Mapping[str, Any], name: str) -> float:
    value = segment.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _without_sound(aside: re.Match[str]) -> str:
    words = _plain(aside[0]).split()
    is_sound = len(words) <= MOST_WORDS and bool(words) and words[-1].startswith(ENDING_SOUNDS)
    return " " if is_sound or " ".join(words).startswith(SOUNDS) else aside[0]


def _plain(text: str) -> str:
    """Return the letters and figures of a text in lower case, a space where it had others between."""
    kept = (_plain_letter(letter) for letter in unicodedata.normalize("NFC", text).casefold())
    return " ".join("".join(kept).split())


def _plain_letter(letter: str) -> str:
    is_kept = letter.isalnum() or unicodedata.category(letter).startswith("M")
    return letter if is_kept else "" if letter in APOSTROPHES else " "
