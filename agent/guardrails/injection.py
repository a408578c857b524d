"""Prompt injection by rules.

Rules catch little of it (measured in korean.md: .03 of a public Korean set), so nothing
rests on them: the tools' permissions and the output guard carry the defence, this counts
and warns. The families follow OWASP LLM01:2025 (Prompt Injection). Every rule is written
against the harmless sentence that looks like it: "이전 주문 무시하고 새로 주문했어요",
"관리자한테 연결해 주세요", "개발자 모드 켜는 법".
"""

from __future__ import annotations

import re

from agent.guardrails.normalise import compose_jamo, fold

__all__ = ["detect_injection", "injection_spans"]

_DO = r"(?:무시|잊어|잊고|잊으|따르지|버리고|버려|삭제|지우고|초기화|우회|어기)"
_SHOW = (
    r"(?:보여\s?(?:줘|주|봐|달|라)|알려\s?(?:줘|주|봐|달)|말해|출력|공개|복사|읊|노출|유출|내놔|적어|"
    r"써\s?줘|그대로|요약해|번역해|뭐야|뭐니|뭔지)"
)
_ORDERS = r"(?:지시|명령|지침|프롬프트|규칙|룰|가이드라인|제약|제한|instruction|prompt|system)"
_BE = r"(?:이야|야|다|이다|입니다|임|이에요|예요|인데|이니까|니까|거든|이거든|으로서|로서|권한)"
_GOODS = r"(?:주문|정보|주소|개인\s?정보|연락처|전화번호|이메일|결제|내역|환불|계정|배송|티켓|대화)"
_ACT = (
    r"(?:보여\s?(?:줘|주|봐|달)|알려\s?(?:줘|주|달)|조회\s?(?:해|좀|$)|출력|열람|취소\s?(?:해|시켜)|내놔|"
    r"환불\s?(?:해|시켜)|바꿔|변경해|확인해\s?줘|말해|찾아\s?줘|삭제해|넘겨|뭐\s?샀)"
)

_RULES: tuple[tuple[str, str], ...] = (
    (
        "ignore_instructions",
        rf"(?:이전|앞|위|지금까지|기존|모든|원래|앞선|상기|너의|네|시스템|내부|안전)"
        rf"(?:의|에|에서)?\s?(?:모든|내린|받은|너의|네|시스템|준|나온)?\s?{_ORDERS}"
        rf"(?:사항|문|들)?(?:을|를|은|는)?\s?(?:전부|모두|다|싹|완전히)?\s?{_DO}"
        rf"|{_ORDERS}(?:사항|문|들)?(?:을|를|은|는)?\s?(?:전부|모두|다|싹|완전히)\s?{_DO}"
        r"|(?:ignore|disregard|forget|override|bypass)\s(?:all\s|any\s|the\s|of\s|your\s|my\s|"
        r"previous\s|prior\s|above\s|earlier\s|preceding\s|system\s|these\s|those\s|safety\s){1,5}"
        r"(?:instruction|prompt|rule|direction|command|guideline|message|context|polic|conversation)"
        r"|ignore\s(?:everything|all)\s(?:above|before|previous)",
    ),
    (
        "reveal_prompt",
        rf"(?:시스템|초기|내부|너의|네|숨겨진|원본|히든|비밀)\s?(?:시스템\s?)?"
        rf"(?:프롬프트|지시문|지시\s?사항|지시|지침|명령문|instruction|prompt)[^.\n]{{0,15}}{_SHOW}"
        rf"|프롬프트(?:를|을|가|의|좀|\s){{0,3}}(?:내용|전문|전체)?(?:을|를|\s){{0,2}}{_SHOW}"
        r"|(?:reveal|show|print|repeat|output|tell|display|leak|give|what\s(?:is|are))\s"
        r"(?:me\s|us\s|out\s|all\s|the\s|your\s|full\s|entire\s|initial\s|hidden\s|original\s|"
        r"exact\s|secret\s){0,6}(?:system\s?)?(?:prompt|instructions)"
        r"|(?:repeat|print|output)\s(?:everything|all|the\swords|the\stext)\s(?:above|before)",
    ),
    (
        "admin_mode",
        r"(?:관리자|어드민|admin|운영자|루트|root|슈퍼\s?유저|sudo|디버그|debug|테스트|god)"
        r"\s?(?:모드|mode)(?:로|를|을|으로|\s)?\s?"
        r"(?:전환|들어가|진입|바꿔|변경|켜(?!는)|활성|실행|동작|작동|답|대답|응답|enable|on\b|$|[!.])"
        r"|(?:enter|enable|activate|switch\sto)\s(?:the\s)?(?:admin|debug|root|god|sudo|maintenance)"
        r"|관리자\s?권한(?:으로|을)\s?(?:실행|전환|부여|승격|조회|처리|줘)",
    ),
    (
        "persona",
        r"(?:너는|넌|네가|당신은|니가)\s?(?:이제부터|지금부터|이제|앞으로)(?=\s|는|\S*\s\S*(?:다|야|봇|모델))"
        r"|(?:이제부터|지금부터|앞으로)\s?(?:너는|넌|네가|당신은|니가|너의)"
        r"|역할\s?(?:극|놀이)|롤\s?플레이|role\s?-?play"
        r"|(?:관리자|직원|개발자|사장|해커|상담원|운영자|사람|악당|ai|gpt)인?\s?척\s?(?:해|하고|하면)"
        r"|from\snow\son|you\sare\snow\s|(?:act|behave|respond)\s(?:as|like)\s(?:a|an|if|the|my)\s"
        r"|pretend\s(?:to\sbe|you|that)|imagine\syou\sare|you\swill\s(?:now\s)?(?:act|play)",
    ),
    (
        "developer_mode",
        r"개발자\s?모드(?:로|를|을|가|\s)?\s?(?:전환|들어가|진입|바꿔|답|대답|응답|동작|작동|실행해|활성화(?:해|됐|시)|켜\s?(?:줘|라))"
        r"|developer\s?mode|do\sanything\snow|\b(?:as|like|be|are|called)\sdan\b"
        r"|\bdan\s?(?:모드|mode|처럼|이야|야|으로|이라는)|jailbreak|탈옥\s?(?:모드|프롬프트|시켜|해)"
        r"|(?:제한|제약|필터|검열|규칙)(?:이|도|을|를)?\s?(?:없는|없이|풀린|해제된?)\s?(?:ai|에이아이|인공지능|챗봇|모드|대답|답|응답|상태로)"
        r"|(?:without|no|remove)\s(?:any\s|all\s)?(?:filters|restrictions|censorship|limitations)",
    ),
    (
        "encoded_payload",
        r"base\s?64|rot\s?13|(?:디코드|디코딩|복호화|decode)(?:해|하|를|한|\sthe|\sthis|\sand)"
        r"|(?:\\x[0-9a-f]{2}){4}|(?:\\u[0-9a-f]{4}){4}|(?:%[0-9a-f]{2}){6}|(?:[01]{8}\s){4}"
        r"|(?:&#x?[0-9a-f]{2,6};){4}",
    ),
    (
        "identity_claim",
        rf"(?:나는|난|내가|저는|전|제가|본인은)\s?(?:이\s?(?:쇼핑몰|사이트|회사|가게|시스템)의?\s?|여기\s?|너의\s?|네\s?|시스템\s?|최고\s?)?"
        rf"(?:관리자|어드민|admin|운영자|시스템\s?관리자|최고\s?관리자|슈퍼\s?유저|root|staff_\d+|admin_\d+|user_\d+){_BE}"
        rf"|(?:나는|난|내가|저는|제가)\s?(?:너의|네|너를|널|이\s?(?:쇼핑몰|사이트|회사|시스템|챗봇|봇)의?)\s?"
        rf"(?:만든\s?)?(?:개발자|사장|주인|대표|창조자|사람){_BE}"
        r"|\bi\s?(?:am|'m)\s(?:the\s|an?\s|your\s)?(?:admin|administrator|system\sadmin|developer|owner|root|staff)\b",
    ),
    (
        "other_customer",
        rf"(?:user|staff|admin)_\d+(?:님|번)?(?:의|이|한테|로|으로|\s|에게)?\s?[^.\n]{{0,12}}(?:{_GOODS}|{_ACT})"
        rf"|(?:다른|딴|옆|모든|전체|남의|타)\s?(?:사람|고객|회원|사용자|유저|이용자|구매자)?(?:들|님)?(?:의)?\s?"
        rf"(?<=[람객원자저의들님])\s?{_GOODS}[^.\n]{{0,12}}{_ACT}"
        r"|(?:show|give|list|dump|tell)\s(?:me\s)?(?:all\s|every\s|other\s|another\s){1,2}"
        r"(?:the\s)?(?:user|customer|order|account|people)",
    ),
    (
        "tool_syntax",
        r"</?(?:tool_call|tool_response|function_call|function|tool|invoke|system|assistant)[ >]"
        r"|<\|[a-z_]{2,20}\|>|\[/?inst\]|<</?sys>>|[\"'](?:tool_calls?|function_call|tool_use|tool_name)[\"']"
        r"|\{\s?[\"'](?:name|function|tool|action)[\"']\s?:\s?[\"'][a-z]+_[a-z_]+"
        r"|(?<![a-z_])[a-z]{2,20}_[a-z_]{2,30}\([^)\n]{0,80}\)"
        r"|(?:^|\n)\s?(?:system|assistant|developer|시스템)\s?:|#{2,}\s?(?:system|instruction|new\sinstruction|지시|시스템)",
    ),
    (
        "markup",
        r"<\s?/?(?:script|iframe|object|embed|svg|style|form|meta|link|base)\b|<\s?img\b[^>\n]{0,200}"
        r"|\bon(?:error|load|click|mouseover|focus)\s?=|javascript\s?:|data\s?:\s?text/html"
        r"|!\[[^\]\n]{0,100}\]\([^)\n]{1,300}",
    ),
    (
        "sql",
        r"['\"]\s?(?:or|and)\s[^\n]{0,20}=|;\s?(?:drop|delete|update|insert)\s(?:table|from|into|[a-z]+\sset)"
        r"|union\s(?:all\s)?select\s|['\";]\s?--",
    ),
)
_COMPILED = tuple((name, re.compile(rule, re.MULTILINE)) for name, rule in _RULES)
_BLOB = re.compile(r"(?<![a-z0-9+/=])[a-z0-9+/]{40,}+={0,2}", re.IGNORECASE)
_URL = re.compile(r"https?://[!-~]{1,2000}+", re.IGNORECASE)
_SPACES = re.compile(r"[^\S\n]{2,}+")


def _is_encoded(run: str) -> bool:
    """Whether a long run mixes cases and digits the way base64 does."""
    return bool(re.search("[a-z]", run) and re.search("[A-Z]", run) and re.search(r"\d", run))


def injection_spans(text: str) -> tuple[str, tuple[tuple[str, int, int], ...]]:
    """The view that was searched, and (rule, start, end) of each hit in it."""
    view = _SPACES.sub(" ", compose_jamo(fold(text)).text)
    # Addresses of products carry percent escapes and long tokens and are no payload.
    bare = _URL.sub(lambda m: "u" + " " * (len(m[0]) - 1), view)
    hits = [("encoded_payload", *m.span()) for m in _BLOB.finditer(bare) if _is_encoded(m[0])]
    lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in bare)
    for name, rule in _COMPILED:
        hits.extend((name, *m.span()) for m in rule.finditer(lowered))
    return view, tuple(hits)


def detect_injection(text: str) -> tuple[str, ...]:
    """The names of the rules the text matches, each once; empty for an ordinary message."""
    _, hits = injection_spans(text)
    return tuple(dict.fromkeys(name for name, _, _ in hits))
