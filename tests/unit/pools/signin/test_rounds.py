"""What a sign-in in CUSTOM_AUTH remembers, and that nobody reads it in the database."""

from __future__ import annotations

from pools.models import Attempt
from pools.signin import rounds
from pools.triggers.custom_auth import Question, Round

CUSTOM = "CUSTOM_CHALLENGE"


def put_question(attempt: Attempt) -> None:
    rounds.ask(attempt, CUSTOM)
    rounds.put(attempt, Question({"hint": "a number"}, {"answer": "forty-two"}, "CODE-forty-two"))


def test_a_question_waits_with_what_its_check_needs() -> None:
    attempt = Attempt(data={**rounds.begun("SRP_A"), "srp_a": "ab"})
    assert (rounds.asked(attempt), rounds.of(attempt)) == (None, [Round("SRP_A", True)])
    put_question(attempt)
    assert (rounds.asked(attempt), rounds.private(attempt)) == (CUSTOM, {"answer": "forty-two"})
    assert attempt.data["srp_a"] == "ab"


def test_an_answer_is_remembered_and_its_secret_forgotten() -> None:
    attempt = Attempt(data=rounds.begun())
    put_question(attempt)
    rounds.add(attempt, CUSTOM, is_passed=False)
    assert rounds.of(attempt) == [Round(CUSTOM, False, "CODE-forty-two")]
    assert (rounds.asked(attempt), rounds.private(attempt)) == (CUSTOM, {})
    rounds.ask(attempt, "SMS_MFA")
    rounds.add(attempt, "SMS_MFA", is_passed=True)
    assert rounds.of(attempt)[1:] == [Round("SMS_MFA", True)]


def test_answers_are_nowhere_in_the_row() -> None:
    """Functions put their codes into metadata, too."""
    attempt = Attempt(data=rounds.begun())
    put_question(attempt)
    assert "forty-two" not in str(attempt.data)
    rounds.add(attempt, CUSTOM, is_passed=True)
    assert "forty-two" not in str(attempt.data)


def test_other_sign_ins_are_asked_nothing() -> None:
    assert rounds.asked(Attempt()) is None
