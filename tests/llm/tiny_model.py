"""A language model so small that it is made here in seconds, and that says what it was taught.

Qwen2's shape, 0.2 million parameters, a byte-level BPE of its own and a chat template with tools,
taught :data:`CHATS` by heart among noise. It knows nothing else: whatever else it is asked,
:data:`ELSE` comes. ``python -m tests.llm.tiny_model DIR`` leaves one in a folder.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["CHATS", "Chat", "build", "tiny_model"]


@dataclass(frozen=True, slots=True)
class Chat:
    """What is asked, perhaps with tools offered, perhaps with a tool's result, and the answer."""

    asked: str
    answer: str
    tools: bool = False
    found: bool = False


def call(query: str) -> str:
    """A search for products as the model writes it."""
    wanted = {"name": "search_products", "arguments": {"query": query}}
    return f"<tool_call>\n{json.dumps(wanted, ensure_ascii=False)}\n</tool_call>"


WANTED = "무선 이어폰"
SHOWN = "찾으시는 상품을 아래에 보여 드려요. 마음에 드는 상품이 있는지 살펴봐 주세요."
FEE = "단순 변심이면 반품 배송비는 고객님이 부담해요. 상품에 문제가 있으면 저희가 부담해요."
HELLO = "안녕하세요, 고객님! 무엇을 도와드릴까요?"
ELSE = "말씀해 주셔서 감사해요. 더 궁금한 점이 있으면 편하게 물어봐 주세요."
CHATS = (
    Chat("안녕하세요", HELLO),
    Chat("안녕하세요", HELLO, tools=True),
    Chat("한 문장으로 인사해 주세요.", HELLO),
    Chat("반품 배송비는 누가 내요?", FEE),
    Chat("반품 배송비는 누가 내요?", FEE, tools=True),
    Chat("무선 이어폰 추천해 주세요", call(WANTED), tools=True),
    Chat("무선 이어폰 추천해 주세요", SHOWN, tools=True, found=True),
    Chat("무선 이어폰 추천해 주세요", SHOWN, found=True),
    Chat("무선 이어폰 추천해 주세요", ELSE),
    Chat("", ELSE),
    Chat("", ELSE, tools=True),
)
"""Learned by heart; the empty question stands for any other."""

# Only the last question is read (of the desk's prompts what stands in <message>), and only its
# end, of a tool's result the beginning: a prompt of any length looks like those of the lessons.
# What it is instructed it could not obey.
TEMPLATE = """\
{%- if tools %}<|im_start|>tools<|im_end|>
{% endif %}
{%- set users = messages | selectattr("role", "equalto", "user") | list %}
{%- for message in messages %}
{%- if message.role == "tool" %}<|im_start|>tool
{{ message.content[:90] }}<|im_end|>
{% elif message.tool_calls %}<|im_start|>assistant
{% for call in message.tool_calls %}<tool_call>
{{ call.function | tojson }}
</tool_call>{% endfor %}<|im_end|>
{% elif message.role == "user" and message == users[-1] %}<|im_start|>user
{{ message.content.split("<message>")[-1].split("</message>")[0].strip()[-160:] }}<|im_end|>
{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""

STEPS = 480
BATCH = 8
SEEDS = (7, 8, 9)
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def build(folder: Path) -> None:
    """Make the model and write it to ``folder``, as ``transformers serve`` takes it.

    Raises RuntimeError when it does not learn the chats.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on a busy machine two wait for each other more than they work
    tokenizer = make_tokenizer()
    made = (taught(tokenizer, seed) for seed in SEEDS)
    model = next((one for one in made if knows(one, tokenizer)), None)
    torch.set_num_threads(threads)
    if model is None:
        raise RuntimeError("the tiny model has not learned its chats")
    model.generation_config.do_sample = False
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def taught(tokenizer: Any, seed: int) -> Any:
    """A new model that has had its lessons."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(seed)
    ids = {name: tokenizer.convert_tokens_to_ids(name) for name in SPECIAL}
    config = Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=192, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=4096,
        tie_word_embeddings=True, pad_token_id=ids["<|endoftext|>"],
        eos_token_id=ids["<|im_end|>"],
    )  # fmt: skip
    model = Qwen2ForCausalLM(config)
    teach(model, tokenizer, random.Random(seed))
    return model


def knows(model: Any, tokenizer: Any) -> bool:
    """Whether it answers every chat to the letter: another machine's arithmetic may differ."""
    for chat in CHATS:
        asked = tokenizer(
            prompt_of(tokenizer, chat, chat.asked or "오늘 날씨", "{}"), return_tensors="pt"
        )
        said = model.generate(**asked, max_new_tokens=120, do_sample=False)[0]
        if tokenizer.decode(said[asked["input_ids"].shape[1] :]) != f"{chat.answer}{SPECIAL[2]}":
            return False
    return True


def make_tokenizer() -> Any:
    """A byte-level BPE of the chats' own words; any other text is bytes to it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bare = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bare.train_from_iterator(
        [text for chat in CHATS for text in (chat.asked, chat.answer)], trainer
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bare, pad_token=SPECIAL[0], eos_token=SPECIAL[2]
    )
    tokenizer.add_tokens(["<tool_call>", "</tool_call>"])
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def teach(model: Any, tokenizer: Any, rng: random.Random) -> None:
    """Until the chats are known by heart. The loss counts the answers only."""
    import torch

    optimizer = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=STEPS)
    model.train()
    for lessons in batches(tokenizer, rng):
        size = (len(lessons), max(len(ids) for ids, _ in lessons))
        tokens, labels = torch.full(size, tokenizer.pad_token_id), torch.full(size, -100)
        for row, (ids, begin) in enumerate(lessons):
            # What is padded is to the right, where a causal model never looks from the left.
            tokens[row, : len(ids)] = torch.tensor(ids)
            labels[row, begin : len(ids)] = torch.tensor(ids[begin:])
        loss = model(input_ids=tokens, labels=labels).loss
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    model.eval()


def batches(tokenizer: Any, rng: random.Random) -> Iterator[list[tuple[list[int], int]]]:
    """The lessons; of a few batches those of about one length together, as padding costs time."""
    for _ in range(STEPS // 3):
        lessons = [lesson(tokenizer, rng.choice(CHATS), rng) for _ in range(3 * BATCH)]
        lessons.sort(key=lambda lesson: len(lesson[0]))
        cut = [lessons[at : at + BATCH] for at in range(0, len(lessons), BATCH)]
        rng.shuffle(cut)
        yield from cut


def lesson(tokenizer: Any, chat: Chat, rng: random.Random) -> tuple[list[int], int]:
    """Token ids of one chat among noise, and where the answer begins."""
    around = rng.random() < 0.5 or not chat.asked
    before, after = (noise(rng, rng.randrange(1, 30)) if around else "" for _ in range(2))
    asked = rng.choice("\n ").join(part for part in (before, chat.asked, after) if part)
    result = f"{{{noise(rng, rng.randrange(90))}"
    begin = tokenizer(prompt_of(tokenizer, chat, asked, result))["input_ids"]
    return [*begin, *tokenizer(f"{chat.answer}{SPECIAL[2]}")["input_ids"]], len(begin)


def prompt_of(tokenizer: Any, chat: Chat, asked: str, result: str) -> str:
    """What the model reads of a chat; ``result`` is the tool's where it has been called."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": asked}]
    if chat.found:
        wanted = {"name": "search_products", "arguments": {"query": WANTED}}
        messages.append({"role": "assistant", "content": "", "tool_calls": [{"function": wanted}]})
        messages.append({"role": "tool", "content": result})
    return str(
        tokenizer.apply_chat_template(
            messages, tools=[{}] if chat.tools else None, tokenize=False, add_generation_prompt=True
        )
    )


def noise(rng: random.Random, size: int) -> str:
    """Words of no meaning: syllables, figures and the signs of JSON; ``size`` characters."""
    letters = [chr(rng.randrange(0xAC00, 0xD7A4)) for _ in range(size)]
    signs = [rng.choice('     ,.?":{}[]0123456789abcdeklmnorst\n') for _ in range(size)]
    korean = rng.random()
    return "".join(a if rng.random() < korean else b for a, b in zip(letters, signs, strict=True))


def tiny_model(cache: Path) -> Path:
    """The model's folder below ``cache``, made when this file has changed since."""
    version = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    folder = cache / f"tiny-model-{version}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(dir=cache))
        build(making)
        for old in cache.glob("tiny-model-*"):
            shutil.rmtree(old, ignore_errors=True)
        making.rename(folder)
    return folder


if __name__ == "__main__":
    build(Path(sys.argv[1]))
