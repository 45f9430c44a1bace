"""The project's own questions about what people share are what they say they are."""

import re

from core.knowledge.words import words_of
from tests.bench.question_sets import own_questions, python_topics

ENDING = re.compile(r"(?:ings?|ed|es|s|ly|er)$")


def stems(text: str) -> set[str]:
    """Return the words that carry a text's meaning, without their endings."""
    return {ENDING.sub("", word.casefold()) for word in words_of(text)}


def test_two_hundred_questions_of_four_kinds_of_which_paraphrases_share_no_word_with_their_answer() -> None:
    """Fifty paraphrases, thirty that nothing answers, and thirty whose only answer may not be read."""
    sets = own_questions()
    counts = {kind: len(each.asked) for kind, each in sets.items()}
    assert counts == {"plain": 90, "paraphrased": 50, "unanswerable": 30, "invisible": 30}
    texts = {each.name: each.text for each in sets["paraphrased"].texts}
    shared = {each.question: stems(each.question) & stems(texts[each.answer]) for each in sets["paraphrased"].asked}
    assert {question: words for question, words in shared.items() if words} == {}
    assert all(each.answer in texts for each in sets["plain"].asked)
    assert len(python_topics().asked) > 50
