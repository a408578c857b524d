"""What a customer's words mean for who answers: wanting the agent back, judging a resolution.

Both readings take only what is said in so many words. A message to a person that is misread
would not reach them, and a question misread as a judgement would never be answered; whoever is
not understood here still has a button for each.
"""

from __future__ import annotations

import re

from agent.tools.handoff import BACK, SOLVED_BUTTON, UNSOLVED_BUTTON

__all__ = ["asks_for_agent", "judgement"]

MOST_CHARS = 60  # of a sentence that is read; a longer one has more to say
_TAIL = re.compile(r"[\s.!~…^,;ㅋㅎㅠㅜ♡♥\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]+$")
_SENTENCE = re.compile(r"(?<=[.!?…~])\s+|\n+")
_THANKS = (
    r"(?:(?:정말|너무|진짜)?\s?(?:감사|고마|고맙|수고)\S*"
    r"(?:\s?(?:드려요|드립니다|하세요|하셨\S*))?)"
)
_ONLY_THANKS = re.compile(_THANKS)

# ── back to the agent ────────────────────────────────────────────────────────────────────

# The agent, not a product or a trade: no "AI 스피커", no "KAI", no "로봇", no "청소 도우미".
_AGENT = (
    r"(?:상담\s?도우미|(?:^|(?<=다시 )|(?<=그냥 )|(?<=이제 )|(?<=그럼 ))도우미"
    r"|(?<![가-힣])(?:챗|상담\s?)?봇|(?<![a-z])(?:ai|chat\s?bot)(?![a-z])"
    r"|에이아이|인공지능|로봇(?=\s?상담))(?:\s?상담(?:사|원|봇)?)?(?:\s?님)?"
)
_PARTICLE = r"(?:에게|한테|이랑|랑|하고|와|과|으로|로|을|를|이|가)?"
_AGAIN = r"(?:다시|그냥|이제|바로|좀|먼저|계속|한번)?"
_PLEASE = r"(?:줘(?:요)?|주세요|주십시오|주실래요|주실\s?수\s?있\S*|주시겠\S*|줄래(?:요)?)"
_MAY_I = r"(?:될까요|되나요|돼요)"
_DO = (
    rf"(?:할래|할게|할께|하고\s?싶(?:어|습|은데)\S*|하겠\S*|원해|원합니다|해도\s?{_MAY_I}"
    r"|할\s?수\s?있\S*|부탁\S*(?:\s?(?:드려요|드립니다|해요))?)"
)
_WANT = (
    rf"(?:돌아갈(?:래|게|께)|돌아가(?:고\s?싶\S*|겠\S*|도\s?{_MAY_I})"
    rf"|(?:돌려|돌려\s?보내|바꿔|넘겨|불러|이어|답해|답변해|대답해)\s?{_PLEASE}"
    rf"|바꿀(?:래|게|께)|바꾸고\s?싶\S*|(?:연결|전환|변경|호출)\s?(?:해|시켜)\s?{_PLEASE}"
    rf"|(?:물어볼|물을|받을|쓸|부를)(?:래|게|께)|(?:물어보|받|쓰|부르)고\s?싶(?:어|습|은데)\S*"
    rf"|물어보겠\S*|(?:연결|전환|변경|얘기|이야기|대화|상담|채팅|말)?(?:을|를)?\s?{_DO})"
)
_BACK = re.compile(
    rf"(?<![가-힣]){_AGENT}\s?{_PARTICLE}\s*{_AGAIN}\s*{_WANT}(?:요|용|여)?"
    rf"(?:[\s.!~,]*{_THANKS})?$",
    re.IGNORECASE,
)
# "답이 없으면 챗봇한테 물어볼게요": not yet.
_LATER = re.compile(r"[가-힣]면\s|거든\s|때까지\s|때는\s|나중에\s|이따가?\s")

# ── is it solved? ────────────────────────────────────────────────────────────────────────

_YES = r"(?:네|예|응|넵|넹|넴|옙|웅|ㅇㅇ|ㅇㅋ|그럼요|그래요|맞아요|yes|yep|ok(?:ay)?|오케이)"
_NO = r"(?:아니요|아뇨|아니오|아니|ㄴㄴ|노|no|nope)"
_GAP = r"[\s,.!~…]*"
_OH = r"(?:[아오와]\s)?"
_SO = r"(?:덕분에|이제|방금|다|잘|모두|전부|완전히|문제(?:는|가)?|그건|이건)"
_STATED = r"(?:어요|어용|어|습니다|네요|네|음|고요|지요|죠)?"
_STILL = r"(?:아직까지도?|아직도?|여전히|계속|전혀|하나도|그래도|지금도|제대로|또|다)"
_BY_NOW = rf"(?:{_STILL}\s?)*"
_MATTER = r"(?:문제|상황|그거|그게|이거|이게)(?:이|가|은|는|도)?"
# With nothing said in between, money and goods are those of the resolution.
_THING = r"(?:환불금?|돈|입금|결제|물건|상품|택배|배송|답변|연락|처리)(?:이|가|은|는|도)?"
_SUBJECT = rf"(?:{_MATTER}|{_THING})"
_NOT = r"(?:(?:안|못)\s?(?:됐|되|됩|돼|된|됨|했|해)|(?:되|하)지\s?(?:않|못))"
_NOT_CAME = r"(?:안|못)\s?(?:왔|와|온|들어왔|들어와|받았|받은|나와|나왔|고쳐졌|켜져|보여)"
_SAME = r"(?:그대로|똑같|마찬가지)(?:예요|이에요|네요|인데요?|입니다|아요|습니다|은데요?)?"
_BACK_AGAIN = r"해결된\s?줄\s?알았는데\s?(?:또\s?\S*)?"
_UNDONE = r"(?:\S{0,3}?(?:요|용|여|는데|은데|네|습니다|어|아|음|고|잖아요)?)"
_LOOK_AGAIN = (
    r"(?:(?:으니까?|는데|인데|고|서|요)?\s?(?:(?:다시|한번|빨리|얼른|좀)\s?)*"
    r"(?:(?:확인|처리)(?:을|를)?\s?(?:좀\s?)?(?:해\s?|부탁\S*)?|봐\s?|알아봐\s?)"
    r"(?:주세요|주실\S*(?:\s\S+)?|줘요?|드려요|드립니다|해요)?)?"
)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_YES_ONLY = _pattern(rf"{_OH}(?:{_YES}{_GAP})+(?:{_THANKS})?")
_NO_ONLY = _pattern(rf"(?:{_NO}{_GAP})+")
_DONE = r"(?:이|가|은|는)?\s?(?:다|잘|모두|전부)?\s?(?:완료\s?)?(?:됐|되었|됬|했)"
# What says itself that the matter is meant, and what does so only behind the question.
_SOLVED = _pattern(rf"{_OH}(?:{_YES}{_GAP})*(?:{_SO}\s?)*해결{_DONE}{_STATED}(?:{_GAP}{_THANKS})?")
_SOLVED_HERE = _pattern(
    rf"{_OH}(?:(?:{_YES}{_GAP})*(?:{_SO}\s?)*(?:(?:처리|완료|정리|마무리){_DONE}"
    rf"|잘\s?(?:됐|되었|받았|왔|들어왔))"
    rf"|(?:{_YES}{_GAP})+(?:{_SO}\s?)*(?:됐|받았|왔|들어왔)){_STATED}(?:{_GAP}{_THANKS})?"
)
_UNSOLVED = _pattern(
    rf"(?:{_NO}{_GAP})?{_BY_NOW}(?:{_MATTER}\s?)?{_BY_NOW}"
    rf"(?:해결(?:이|은|도|을)?\s?{_BY_NOW}{_NOT}{_UNDONE}{_LOOK_AGAIN}"
    rf"|해결된\s?(?:게|것이|거)\s?{_BY_NOW}(?:없|아니)\S*|{_BACK_AGAIN})"
    rf"|(?:{_NO}{_GAP})?{_BY_NOW}(?:문제|상황)(?:이|가|은|는)?\s?{_BY_NOW}{_SAME}"
)
_UNSOLVED_HERE = _pattern(
    rf"(?:{_NO}{_GAP})?{_BY_NOW}(?:{_SUBJECT}\s?)?{_BY_NOW}"
    rf"(?:(?:{_NOT}|{_NOT_CAME}){_UNDONE}{_LOOK_AGAIN}|{_SAME}|또\s?그(?:래|러)\S{{0,2}}|아니에요|아닙니다)"
    rf"|(?:{_NO}{_GAP})?아직도?(?:이?요|이에요|이예요|예요|입니다|인데요?|이네요)?{_LOOK_AGAIN}"
)
_ASKS = re.compile(r"\?|(?:나요|(?<!니)까요|가요|는지|은지|던가|습니까|니|냐)$")


def asks_for_agent(text: str) -> bool:
    """Whether a customer who talks with a person wants the agent back.

    Only a wish that ends the message is one: what is told of the agent ("챗봇한테 물어봤는데"),
    under a condition, or of a product ("로봇으로 바꿔 주세요") is the person's to read.
    """
    said = [_bare(one) for one in _sentences(text)]
    if len(said) > 1 and _ONLY_THANKS.fullmatch(said[-1]):
        said.pop()
    if not said or sum(map(len, said)) > MOST_CHARS:
        return False
    wish = said[-1].rstrip("?")
    found = _BACK.search(wish)
    return wish == BACK or (found is not None and not _LATER.search(wish[: found.start()]))


def judgement(text: str, *, just_asked: bool) -> str:
    """What ``text`` says of a resolution: "solved", "unsolved", or "" for another matter.

    ``just_asked``: nothing was said since the customer was asked. Only then a bare yes or no
    counts, and what does not say itself that the matter is meant ("아직 안 왔어요"). What names
    a thing of its own, and every question, is a new matter. What follows a first sentence that
    says "no" tells more of it; beside a "yes" it is a matter of its own.
    """
    if (whole := text.strip()) in (SOLVED_BUTTON[1], UNSOLVED_BUTTON[1]):
        return "solved" if whole == SOLVED_BUTTON[1] else "unsolved"
    said = _sentences(text)
    if not said or any(len(one) > MOST_CHARS for one in said[:2]):
        return ""
    if _says_no(said, just_asked):
        return "unsolved"
    return "solved" if _says_yes(said, just_asked) else ""


def _says_no(said: list[str], just_asked: bool) -> bool:
    if just_asked and _NO_ONLY.fullmatch(_bare(said[0])):
        return len(said) == 1 or _is_undone(said[1], just_asked)
    return _is_undone(said[0], just_asked)


def _is_undone(sentence: str, just_asked: bool) -> bool:
    bare = _bare(sentence).replace("데요?", "데요")  # "안 됐는데요?" asks nothing
    here = just_asked and _UNSOLVED_HERE.fullmatch(bare)
    return bool(_UNSOLVED.fullmatch(bare) or here) and not _ASKS.search(bare)


def _says_yes(said: list[str], just_asked: bool) -> bool:
    bare = [_bare(one) for one in said]
    if any(_ASKS.search(one) for one in bare):
        return False
    done = [_is_done(one, just_asked) for one in bare]
    only = all(yes or _ONLY_THANKS.fullmatch(one) for yes, one in zip(done, bare, strict=True))
    return any(done) and only


def _is_done(bare: str, just_asked: bool) -> bool:
    here = just_asked and (_YES_ONLY.fullmatch(bare) or _SOLVED_HERE.fullmatch(bare))
    return bool(_SOLVED.fullmatch(bare) or here)


def _sentences(text: str) -> list[str]:
    found = (" ".join(one.split()) for one in _SENTENCE.split(text.strip()))
    return [one for one in found if _bare(one)]


def _bare(sentence: str) -> str:
    """Without what ends it, but for a question mark: that asks."""
    return _TAIL.sub("", sentence)
