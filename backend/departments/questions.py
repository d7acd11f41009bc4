"""What a ward asks about a kind of problem (`R4`), and what people answer. Pure.

A report that waits on a phone is never lost over its answers. The phone says which version of the
questions it has asked, and its answers are understood by that version, however old; an answer that
is missing is only asked for again if the phone knew the questions of today. Answers to questions
of another version are kept as far as they are understood, and those nobody knows as they were sent.
Only an answer that the very version it names does not allow is refused, naming the question.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from backend.departments.schemas import (
    Answer,
    AnswersIn,
    AnswerValue,
    Names,
    Question,
    QuestionOption,
)
from backend.errors import Invalid, InvalidField
from backend.i18n import LANGUAGES, N_, Language
from backend.text import clean_text

MOST_QUESTIONS: Final = 12
NAME_LENGTH: Final = 200
UNIT_LENGTH: Final = 30
TEXT_LENGTH: Final = 500
_NO_NAMES: Final = Names("", "", "")
_CHOICES: Final = frozenset({"one_of", "some_of"})


class BadAnswer(ValueError):
    """A value that its question does not allow; the text is a msgid with its places."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message)
        self.message = message
        self.params = params


# asking --------------------------------------------------------------------------------------


def clean_names(names: Names, field: str, length: int = NAME_LENGTH) -> Names:
    """Names in at least one language. Raises InvalidField (name_needed, too_long)."""
    cleaned = _clean(names, field, length)
    if not any((cleaned.vi, cleaned.fa, cleaned.en)):
        raise InvalidField(field, "name_needed", N_("Please give a name in at least one language."))
    return cleaned


def clean_questions(questions: Sequence[Question], field: str = "questions") -> list[Question]:
    """Questions fit to be asked.

    Raises InvalidField, naming the question: too_many_questions, twice, name_needed, too_long,
    options_needed, bad_bounds.
    """
    if len(questions) > MOST_QUESTIONS:
        raise InvalidField(
            field,
            "too_many_questions",
            N_("At most {most} questions: people answer them in the street."),
            most=MOST_QUESTIONS,
        )
    if len({question.id for question in questions}) < len(questions):
        raise InvalidField(field, "twice", N_("The same question is there twice."))
    return [
        _clean_question(question, f"{field}[{number}]") for number, question in enumerate(questions)
    ]


def _clean_question(question: Question, field: str) -> Question:
    names = clean_names(question.names, f"{field}.names")
    options: list[QuestionOption] = []
    if question.kind in _CHOICES:
        options = [
            QuestionOption(option.id, clean_names(option.names, f"{field}.options[{number}].names"))
            for number, option in enumerate(question.options)
        ]
        if len({option.id for option in options}) < len(options):
            raise InvalidField(f"{field}.options", "twice", N_("The same answer is there twice."))
        if len(options) < 2:
            raise InvalidField(
                f"{field}.options",
                "options_needed",
                N_("Please give at least two answers to choose from."),
            )
    if question.kind != "number":
        return Question(question.id, question.kind, names, question.required, options)
    least, most = question.least, question.most
    if not all(bound is None or math.isfinite(bound) for bound in (least, most)) or (
        least is not None and most is not None and least > most
    ):
        raise InvalidField(
            f"{field}.most", "bad_bounds", N_("The largest number is smaller than the smallest.")
        )
    unit = None if question.unit is None else _clean(question.unit, f"{field}.unit", UNIT_LENGTH)
    if unit == _NO_NAMES:
        unit = None
    return Question(
        question.id,
        question.kind,
        names,
        required=question.required,
        unit=unit,
        least=least,
        most=most,
    )


def _clean(names: Names, field: str, length: int) -> Names:
    return Names(
        **{
            one: clean_text(getattr(names, one), length, field=f"{field}.{one}")
            for one in LANGUAGES
        }
    )


# answering -----------------------------------------------------------------------------------


def understand(
    answers: AnswersIn | None,
    asked: Mapping[int, Sequence[Question]],
    current: int,
    language: Language,
) -> list[Answer]:
    """What was answered, in the order of the questions.

    Args:
        answers: None from a phone that knew of no questions: then none is missed.
        asked: all questions of the category, by version.
        current: the version of today.
        language: in which a question is named that was answered wrongly.

    Raises:
        Invalid: `answers.given.<question>` with answer_needed or bad_answer.
    """
    if answers is None:
        return []
    version = answers.version if answers.version in asked else current
    found: list[Answer] = []
    wrong: list[tuple[str, str, str, dict[str, object]]] = []
    left = dict(answers.given)
    for question in asked.get(version, ()):
        value = left.pop(question.id, None)
        name: dict[str, object] = {"question": question.names.of(language)}
        field = f"answers.given.{question.id}"
        if value is None or value in ("", []):
            if question.required and answers.version == current:
                wrong.append((field, "answer_needed", N_("“{question}”: please answer."), name))
            continue
        try:
            found.append(answer_to(question, value))
        except BadAnswer as error:
            wrong.append((field, "bad_answer", error.message, {**name, **error.params}))
    if wrong:
        raise Invalid(*wrong, code="bad_answers")
    return found + _from_elsewhere(left, asked)


def _from_elsewhere(
    left: Mapping[UUID, AnswerValue], asked: Mapping[int, Sequence[Question]]
) -> list[Answer]:
    """Answers to what another version asked, and what nobody asked: kept, never refused."""
    known = {
        question.id: question for version in sorted(asked) for question in asked[version]
    }  # the newest wording wins
    found = []
    for question_id, value in left.items():
        question = known.get(question_id)
        if question is not None:
            try:
                found.append(answer_to(question, value))
                continue
            except BadAnswer:
                pass
        if isinstance(value, list):
            chosen = [_brief(one) for one in value]
            found.append(Answer(question_id, "unknown", _NO_NAMES, chosen=chosen))
        else:
            kept = _brief(value) if isinstance(value, str) else value
            found.append(Answer(question_id, "unknown", _NO_NAMES, kept))
    return found


def answer_to(question: Question, value: AnswerValue) -> Answer:
    """Raises BadAnswer."""
    match question.kind:
        case "yes_no":
            if not isinstance(value, bool):
                raise BadAnswer(N_("“{question}”: please answer yes or no."))
            return Answer(question.id, "yes_no", question.names, value)
        case "number":
            return Answer(
                question.id, "number", question.names, _number(question, value), unit=question.unit
            )
        case "text":
            if not isinstance(value, str):
                raise BadAnswer(N_("“{question}”: please answer in words."))
            if len(value) > TEXT_LENGTH:
                raise BadAnswer(
                    N_("“{question}”: at most {most} characters, please."), most=TEXT_LENGTH
                )
            return Answer(question.id, "text", question.names, clean_text(value, TEXT_LENGTH))
        case "one_of" | "some_of":
            return _choice(question, value)


def _number(question: Question, value: AnswerValue) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadAnswer(N_("“{question}”: please answer with a number."))
    if question.least is not None and value < question.least:
        raise BadAnswer(N_("“{question}”: at least {least}, please."), least=question.least)
    if question.most is not None and value > question.most:
        raise BadAnswer(N_("“{question}”: at most {most}, please."), most=question.most)
    return float(value)


def _choice(question: Question, value: AnswerValue) -> Answer:
    wanted = [value] if isinstance(value, str) else value
    names = {option.id: option.names for option in question.options}
    if (
        not isinstance(wanted, list)
        or any(one not in names for one in wanted)
        or (question.kind == "one_of" and len(wanted) != 1)
    ):
        raise BadAnswer(N_("“{question}”: please choose from the answers."))
    chosen = [option.id for option in question.options if option.id in wanted]
    labels = [names[one] for one in chosen]
    return Answer(question.id, question.kind, question.names, chosen=chosen, labels=labels)


def _brief(text: str) -> str:
    return text[:TEXT_LENGTH]
