"""A prompter for tests: gives what it was told to, and keeps the questions."""

from __future__ import annotations

from collections.abc import Mapping

from lacuna_engine.transport.prompts import HostKeyQuestion, SecretKind, SecretQuestion

__all__ = ["Asked"]


class Asked:
    """Answers each kind of question with its list of answers in turn, the last one again."""

    def __init__(
        self, answers: Mapping[SecretKind, list[str | None]] | None = None, *, trusts: bool = False
    ) -> None:
        self._answers = {kind: list(texts) for kind, texts in (answers or {}).items()}
        self._trusts = trusts
        self.questions: list[SecretQuestion] = []
        self.hosts: list[HostKeyQuestion] = []

    async def secret(self, question: SecretQuestion) -> str | None:
        self.questions.append(question)
        answers = self._answers[question.kind]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def confirm_host(self, question: HostKeyQuestion) -> bool:
        self.hosts.append(question)
        return self._trusts
