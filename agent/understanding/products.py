"""Words that may name a product: runs of nouns without the shop's own vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from agent.understanding.ports import MorphemeLike

__all__ = ["find_products"]

MAX_PRODUCTS = 8

# These end a run wherever they stand.
_GENERIC = frozenset(
    """
    주문 주문번호 주문서 주문자 상품 물건 제품 품목 물품 배송 배송비 배송지 배송료 배송일 택배 택배비 택배사 송장 운송장 환불 환불금 환불액 반품
    교환 취소 철회 변경 수거 회수 발송 출고 도착 접수 신청 요청 문의 상담 상담원 상담사 직원 담당자 매니저 고객 고객센터 센터 사람 기사 기사님
    결제 결제일 결제수단 입금 입금자 송금 계좌 계좌번호 카드 신용카드 체크카드 무통장 현금 영수증 현금영수증 세금 계산서 세금계산서 쿠폰 할인
    포인트 적립금 적립 가격 금액 비용 요금 돈 원 수수료 회원 회원가입 가입 탈퇴 비밀번호 비번 아이디 로그인 계정 이메일 메일 연락처 전화 전화번호
    번호 휴대폰번호 문자 알림 주소 우편번호 이름 수령인 수량 개수 옵션 사진 이미지 영상 설명 상세 페이지 상세페이지 후기 리뷰 광고 이유 사유 방법
    규정 정책 기간 기한 조건 안내 확인 조회 내역 상태 처리 진행 완료 접수증 오늘 어제 그제 그저께 엊그제 내일 모레 지난주 저번주 이번주 다음주
    주 지난달 저번달 이번달 다음달 달 작년 올해 재작년 며칠 하루 이틀 사흘 나흘 열흘 보름 주말 평일 휴일 명절 월요일 화요일 수요일 목요일 금요일
    토요일 일요일 오전 오후 아침 점심 저녁 새벽 밤 시간 날짜 요일 시각 최근 방금 아까 지난번 저번 이번 다음 나중 전 후 뒤 때 동안 처음 마지막
    위 아래 앞 옆 밑 안 밖 중 끝 전부 전체 모두 나머지 일부 부분 정도 때문 생각 마음 맘 기분 느낌 문제 실수 잘못 변심 단순 단순변심 고장 불량
    하자 파손 누락 오배송 누구 무엇 뭐 어디 언제 얼마 몇 저 나 제 내 우리 저희 그거 이거 저거 거기 여기 저기 그것 이것 저것 것 거 분 쪽 곳 데
    집 회사 학교 사무실 문앞 경비실 부재 정보 개인 사용 이용 구매 구입 판매 판매자 업체 쇼핑몰 사이트 앱 어플 홈페이지 가능 불가 필요 부탁 질문
    답변 답장 연락 통화 대기 연결 지금 현재 바로 빨리 당장 진짜 정말 혹시 그냥 다시 계속 아직 이미 같은 다른 차이 비교 추천 인기 재고 입고 품절
    재입고 예정 출시 사이트 안녕 감사 수고 죄송 미안 대박 최고 실망 화 짜증 황당 사기 신고 소비자원 소비자 보상 책임 사과 친구 엄마 아빠 남편
    아내 아이 아들 딸 동생 부모님 선물 선물용 생일 수선 조립 설치 외 등 외출 여행 이사 출장 시 안내문 규격 기능 성능 기준 경우 부재중 소식 말씀
    말 이야기 얘기 사실 결과 승인 거절 지연 예상 일정 위치 어디쯤 추적 현황 챗봇 로봇 봇 시스템 프로그램 네이버 구글 주식 날씨 코드 뉴스 링크
    수정 추가 삭제 제외 합 합계 총 총액 전화기 통장 은행 명의 발급 인증 인증번호 오류 에러 실패 성공 중복 이중 두번 한번 개봉 착용 시착 세탁
    """.split()
)
# These stay inside a name (화면 보호 필름) but end it (이어폰 소리).
_PARTS = frozenset(
    """
    사이즈 치수 색상 색 색깔 컬러 크기 무게 길이 두께 소리 음질 화면 전원 버튼 충전 작동 동작 포장 박스 상자 구성품 부품 설명서 냄새 방수 보증
    보증서 수명 용량 재질 소재 품질 디자인 핏 기장 허리 세트 개 한쪽 왼쪽 오른쪽 뚜껑 겉 표면 유통기한 소비기한 성분 맛 값 전용 호환 연결 인식
    """.split()
)
_NAME_TAGS = ("NNG", "NNP", "SL", "SN", "SH", "XR")
_VERB_MAKERS = ("XSV", "XSA")
_JOINTS = frozenset("-+&./")


def find_products(
    text: str, morphemes: Sequence[MorphemeLike], taken: Sequence[tuple[int, int]]
) -> tuple[str, ...]:
    """Noun runs of ``text`` that may name a product, longest first, as written.

    ``taken`` are spans that already mean something else (dates, amounts, order numbers).
    """
    names: dict[str, None] = {}
    for run in _runs(text, morphemes, taken):
        name = _name(text, run)
        if name:
            names.setdefault(name)
    return tuple(sorted(names, key=lambda name: -len(name))[:MAX_PRODUCTS])


def _runs(
    text: str, morphemes: Sequence[MorphemeLike], taken: Sequence[tuple[int, int]]
) -> Iterator[list[MorphemeLike]]:
    run: list[MorphemeLike] = []
    for morpheme, after in pairwise([*morphemes, None]):
        if morpheme is None:
            break
        gap = text[run[-1].end : morpheme.start] if run else ""
        usable = _usable(morpheme, run) and not _overlaps(morpheme, taken)
        if run and (not usable or gap.strip()):
            yield run
            run = []
        if usable and not _is_verb(morpheme, after):
            run.append(morpheme)
    if run:
        yield run


def _usable(morpheme: MorphemeLike, run: list[MorphemeLike]) -> bool:
    if morpheme.form in _JOINTS and run:
        return morpheme.start == run[-1].end
    return morpheme.tag.startswith(_NAME_TAGS) and morpheme.form not in _GENERIC


def _is_verb(morpheme: MorphemeLike, after: MorphemeLike | None) -> bool:
    """Whether 하다 or 되다 follows, which makes the noun a verb (교환 + 하다)."""
    return after is not None and after.tag.startswith(_VERB_MAKERS)


def _overlaps(morpheme: MorphemeLike, taken: Sequence[tuple[int, int]]) -> bool:
    return any(morpheme.start < end and start < morpheme.end for start, end in taken)


def _name(text: str, run: list[MorphemeLike]) -> str:
    while run and (run[-1].form in _PARTS or run[-1].form in _JOINTS):
        run = run[:-1]
    words = [morpheme for morpheme in run if morpheme.tag not in ("SN", "XR")]
    if not any(len(word.form) > 1 or word.tag.startswith("NN") for word in words):
        return ""
    name = text[run[0].start : run[-1].end].strip()
    # One syllable alone is far more often a piece of something else than 책 or 컵.
    return name if len(name) > 1 or name in _SHORT_PRODUCTS else ""


_SHORT_PRODUCTS = frozenset("책 컵 옷 펜 빵 차 쌀 꿀 귤 떡 술 껌 칼 솥 붓 자 티".split())
