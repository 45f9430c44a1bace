"""What of a question is looked for: the words that carry its meaning, and parts of those that no piece has. Pure."""

import re
import unicodedata

MOST_WORDS = 16  # of a question that are looked for
LONGEST = 60  # letters of a word
SHORTEST_PART = 3  # letters: SQLite's trigram index finds nothing shorter (SQLite docs, FTS5, The Trigram Tokenizer)

WORD = re.compile(r"\w+(?:[.:/@'\u2019-]\w+)*")
# Scripts that put no space between words: Han, kana, Thai, Lao, Khmer, Myanmar; and Hangul, whose words' ends change
SPACELESS = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
CODE_LIKE = re.compile(r"\w*[_.:/@\d]\S*|[a-z]+[A-Z]\w*")

# What stands in nearly every question of the languages that most teams write, and says nothing of what it is about.
LITTLE_WORDS = """
a an the and or but not no of in on at to for from by with without about into over under between as is are was were
be been being am do does did done has have had can could may might must shall should will would there here this that
these those it its he she they them his her their we us our you your i me my mine who whom whose what which when
where why how if then than so such some any all each every many much more most few less least very also just only
please tell say said give show find know explain describe let get got yes ok hi hello hey thanks thank
don't doesn't isn't what's where's who's how's it's i'm we're s t
der die das den dem des ein eine einen einem einer und oder aber nicht kein keine von im in am an auf zu zur zum
für mit ohne über unter zwischen als ist sind war waren sein wird werden wurde hat haben hatte kann können darf muss
soll sollte wie was wer wen wem wo wann warum wieso welche welcher welches wenn dann dass ob es er sie wir uns ihr
ich mir mich mein dein unser euer bitte sag sage gib zeig gibt man sich auch nur noch schon mal bei nach aus dieser
le la les un une des du de et ou mais pas ne en dans sur à au aux pour par avec sans est sont était être a ont il
elle nous vous ils elles je tu qui que quoi quel quelle quels quelles quand où pourquoi comment ce cette ces
el los las una unos unas y o pero del al con sin sobre es son era ser fue hay que quién qué cuál cuándo dónde cómo
para se su sus mi tu nos lo como está están
os as um uma ou mas não na nas do da dos das em com sem por é são foi ser tem quem qual quando onde porque seu sua
il gli uno ed ma non di dei nel nella per sono essere ha che chi cosa quale dove perché si
"""
EMPTY = frozenset(LITTLE_WORDS.split())


def words_of(text: str) -> list[str]:
    """Return the words of a text that say what it is about, the first of them, each once; as they are written."""
    found = unicodedata.normalize("NFKC", text)
    words = [each[:LONGEST] for each in WORD.findall(found) if _has_meaning(each)]
    return list({each.casefold(): each for each in words}.values())[:MOST_WORDS]


def parts_of(word: str) -> list[str]:
    """Return what is looked for inside of words: all threes of letters where no spaces stand, else the word itself."""
    runs = SPACELESS.findall(word)
    if runs:
        return [run[at : at + SHORTEST_PART] for run in runs for at in range(max(len(run) - SHORTEST_PART + 1, 0))]
    return [word] if len(word) > SHORTEST_PART else []


def is_code_like(word: str) -> bool:
    """Whether a word is a name in code, a number or an address, and may stand inside of longer ones."""
    return CODE_LIKE.fullmatch(word) is not None


def _has_meaning(word: str) -> bool:
    return word.casefold() not in EMPTY and (len(word) > 1 or bool(SPACELESS.search(word)))
