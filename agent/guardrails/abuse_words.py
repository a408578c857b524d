"""The word list of :mod:`agent.guardrails.abuse`: one pattern a line, ``#`` comments.

Names in angle brackets stand for the pieces in ``_PIECES``. The patterns see the squeezed
view: lower case, jamo composed, strokes inside words gone, spaces kept. A word that has an
innocent reading carries what tells the two apart.
"""

from __future__ import annotations

import re

__all__ = ["ABUSE", "LEFT_OVER"]

_PIECES = {
    "<start>": r"(?<![가-힣])",
    "<alone>": r"(?<![^\s!?.,~])",
    "<end>": r"(?=$|[^가-힣])",
    # 시 and 씨 as the end of a word before 발, 팔, 바: 다시 발송, 즉시 발급, 날씨, 아저씨.
    "<si>": r"(?<![0-9다혹역즉잠표일당택임수도접출게제전지명무상동필응몇])",
    "<ssi>": r"(?<![날저가글솜말맵눈볍민영진수희은준현호정])",
    "<kid>": r"[새세쌔섀색쉐셰][끼기키꺄끠]",
    # 새끼 of animals, fingers and ropes.
    "<pet>": (r"(?!\s?(?:손|발|고양|강아지|줄|돼지|양|토끼|오리|거북|새|곰|동물|꼬|여우|호랑))"),
    "<mom>": r"[애에]미",
}

_WORDS = r"""
# 시발 and its spellings; 시발점, 신발, 다시 발송 are none
<si>[시쉬]{1,5}이{0,5}[발팔빨벌펄](?!점|역|택시|자동차|송|급|매|행|견|표|생|달|신|주|볼|목|등|바닥)
<ssi>[씨씌쓔]{1,5}이{0,5}[발팔빨벌펄](?!송|급|매|행|견|표|생|신|볼|목|등|바닥)
씹[발팔]|쓰[발벌]|[시씨]부[랄럴]|[시씨]브랄|[시씨]ㅂ[ㅏㄹ발]?|[씨시]바ㄹ|십[발팔]<end>
<start>시바알?(?=[아야놈년ㄹㅋ새럼]|\s?[!.~ㅋㅠ]|$)
(?<=아 )시바(?![가-힣])
<start>시바(?=\s(?:진짜|존나|뭐|왜|이게))
<start>[씨시]바럼
<ssi>씨바(?!람|구니|지|닥|늘|퀴|이|탕|깥|로|꿔|뀌|라|르)
<alone>(?<!몇 )(?<!\d )[시씨]\s발(?=$|[\s!?.,~ㅋㅠ]|[놈년아])(?!\s?(?:사이즈|크기|볼))
<alone>[시씨]\s발\s새
# initials; ㅂㅅ is 배송 as well, ㅂㅅㅂ 배송비
(?<!ㅂ)[ㅅㅆ]{1,5}\s?[ㅂㅃ]|ㅅ1ㅂ|ㅆㄹㄱ|ㅆㄴ|ㄱ?ㅅㄲ|ㅗㅗ|ㅄ|ㅈㄹ|ㅈㄴ|ㅈ같|ㅈ밥|ㅈ까|ㄲㅈ|ㄷㅊ|ㄴㄱㅁ
ㅂㅅ(?!ㅂ|ㅈㅎ|ㅈㅅ|ㅇㅈ|\s?(?:언제|조회|완료|중|됐|왔|시작|비|지|문의|준비|상태))
# 병신, 등신; 물병 신상품, 8등신, 등신대 are none
(?<![물꽃리온약술유])[병븅빙뼝][신싄씬](?!상|제품|규|청|고|속|선|발|용|형|세|설|년)
<alone>병\s신(?=$|[!?.,~ㅋㅠ]|아|\s(?:같|새|아|들|이냐))
(?<=\s)병딱|빙딱
(?<![가-힣0-9])등신(?!대|불|청|고|장|발|사이즈)
# 새끼; 두 개 새로, 하루 세 끼, 새끼손가락, 새끼 고양이 are none
(?<![0-9한두세네몇십여])[개씹쌍쉽][새세쌔섀색쉐셰][끼키꺄]
(?<![가-힣0-9])개색기|개쉐이|개쉑|개새(?=$|[!.~ㅋ])|<alone>개\s새\s?끼
십<kid>(?!니|발)
<start>(?:이|저|그|니|네|요|야)\s?<kid><pet>(?=$|[^가-힣]|[들야가는은도네임냐를와랑])
(?:거지|그지|사기꾼|도둑|벌레|쓰레기|찌질이|노가다)\s?<kid>
(?:<start>|놈의\s?)<kid>(?:야|들아|들이냐|냐)
(?<=[같친는은든할])\s?새끼<pet>들?(?=$|[^가-힣]|[야가는은도네임냐를])
# 지랄, 존나, 좆; 졸라매다, 가족 같은 are none
(?:<start>|(?<=[개뭔또생왜아병]))[지쥐]랄(?!까|지)
<alone>지\s랄(?=$|[\s!?.])
(?:<start>|(?<=[개아ㅋ]))[존죤줜좆졷]나(?!단|무)
<start>[존죤쫀졸]내(?=\s|[가-힣])
<start>졸라(?=\s?(?:짜증|늦|느리|안|못|빡|열받|비싸|싫|웃|병|구리))
[좆좃졷]|조[까깟](?=[라튼]|\s?는\s?소리)
<start>[족좇]\s?같(?=은|네|이|다|아)
# insults
<start>(?:미친|미췬|망할|개같은|쓰레기\s?같은|사기꾼|거지\s?같은)\s?(?:놈|년(?!도|간|치))
<start>(?:미친|미췬|망할|개같은|쓰레기\s?같은|사기꾼|거지\s?같은)\s?(?:<kid>|것들|인간)
[썅샹](?=$|[^가-힣]|[놈년]|아)|쌍[놈년]|[씹잡걸레][년놈](?!도|간)
후레자식|호로새[끼기]|<start>호로(?:자식|잡놈|놈)
<start>(?:이|저|그)년(?:아|들아|들이)|<start>[가-힣]{0,2}놈들아
<start>(?:이|저|그|요)\s?놈아|<start>(?:도둑|사기꾼)\s?놈들
씹(?=창|할|쓰레기|탱|덕후새|치|련|같)|<start>씹(?=$|\s*[!.ㅋ])
또라이|돌아이(?=$|[^가-힣]|[야새들ㅋㅠ가는])|똘추|찐따|빡대가리|돌대가리|닭대가리|대갈통|머저리
얼간이|<start>염병|<start>육갑(?=$|[^가-힣]|[을떨])|[엠앰]창
<start>개\s?(?:같(?:네|이|다)|소리(?=하|야|말|를\s?해|\s?집어)|자식|쓰레기|돼지들|지랄|수작|빡)
느금마?|[니느늬]\s?<mom>|[니느]\s?기미(?=$|[^가-힣]|럴)|<start>니미(?=$|[^가-힣]|럴)
[애에][미비]\s?(?:뒤|없는\s?(?:놈|년|새))
<start>창녀|창년|걸레(?=같은\s?년|년)|짱깨(?=새|놈|들)|쪽바리|틀딱|(?:한남|맘|급식|일베)충|김치녀
# told to leave, shut up or die; 꺼지다 of a lamp and 뒤지다 of a bag are none
<start>(?:썩|당장|당장에)\s?꺼[져지](?!요|면|고|는|서|네|나|더|기)
<start>꺼져라|<start>꺼지라고|<start>꺼져(?=\s?(?:새|이\s?새|병신|미친|씨|시발|개))
<start>닥[쳐쵸](?!오|온|올|왔|와|서|야)|<start>닥치(?=고|라|세)
아가리\s?(?:닥[쳐치]?|다물|찢|여물|털|벌)|주둥이\s?(?:닥|찢)
뒈[져지질]|<start>(?:나가\s?)?[뒤디][져진]라|<start>[뒤디]질래|<start>뒤지고\s?싶
<start>나가\s?(?:뒤져|죽어)|(?:쳐|때려|찢어|패|칵)\s?죽[여이일]
<start>죽여\s?버[린릴려]|<start>죽고\s?싶냐|<start>죽을래|<start>육시랄
<start>엿\s?(?:이나\s?)?(?:먹어라|처먹|쳐먹|같은)
# other alphabets, and Hangul typed on an English keyboard
(?<![a-z])(?:fu{1,9}c?k[a-z]*|fxck|fck|motherf[a-z]+|shit(?:ty)?|bullshit|bitch[a-z]*)(?![a-z])
(?<![a-z])(?:ass\s?hole[a-z]*|bastards?|stfu|ssibal|sibal|byungsin|gaesaekki)(?![a-z])
(?<![a-z])(?:tlqkf|qudtls|wlfkf|rotori|rotorl|whssk)[a-z]*
凸|🖕
"""

# What may be left of a message that is nothing but abuse: addressees, fillers, endings and
# words that only carry the abuse. Feelings ("짜증나", "화나요") are a concern and not here.
_LEFT = """
너희 너네 너는 너가 너랑 너한테 너 넌 니가 니들 니네 니 네가 네놈 네 느그 당신 당신들 야
이런 저런 그런 이 저 그 요 것들 것 거 새끼 색기 들아 들 놈아 놈 년아 년 자식 인간
아주 아오 아이 아 에이 에라 와 어휴 어우 우와 하 흥 오 으 음 흠 헐
진짜로 진짜 정말 존나 완전 개 참 그냥 걍 다 좀 또 왜 뭐 뭔 뭘 어디서
같은 같네 같이 같다 같아 같냐 같음 이다 이네 이냐 이야 인가 임 냐 이지 입니다 이에요 예요
엄마 아빠 부모 가족 얼굴 인생 머리 나가 꺼져(?!요) 꺼지 죽어 뒤져 닥쳐 먹어
하네 하냐 하고 해 한다 말고
은 는 가 을 를 도 만 의 에 과 로 라 ㅋ ㅎ ㅠ ㅜ ㅡ ㅉ ㅗ ㅇ ㄹ fuck you off the of a an u
"""


def _compiled() -> re.Pattern[str]:
    lines = [line for line in _WORDS.splitlines() if line and not line.startswith("#")]
    pattern = "|".join(lines)
    for name, piece in _PIECES.items():
        pattern = pattern.replace(name, piece)
    return re.compile(pattern)


ABUSE = _compiled()
# Each word once: the same alternative twice would double the ways to fail per repetition.
LEFT_OVER = re.compile(f"(?:{'|'.join(sorted(set(_LEFT.split()), key=len, reverse=True))})+")
