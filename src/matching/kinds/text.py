"""Labels: short texts that say what a product or a project is."""

from collections.abc import Iterator

from matching.comparison import Comparison
from matching.kinds.kind import Kind, Refused
from matching.normal import tidy, words
from matching.wording import shared_label, shared_words, word_weights

FILLER = frozenset("de du des la le les l d en a au aux et pour par sur the of and for with avec un une n no".split())


def clean(value: str) -> str:
    """A tidy text with at least one letter or figure."""
    text = tidy(value)
    if not words(text):
        raise Refused("a label needs at least one letter or figure", "write what the thing is called")
    return text[:500]


def normal(label: str) -> str:
    """Folded words without filler."""
    every = words(label)
    return " ".join(word for word in every if word not in FILLER) or " ".join(every)


def stems(form: str) -> Iterator[str]:
    """Every word of three letters or more, cut to four."""
    yield from sorted({word[:4] for word in form.split() if len(word) >= 3})


def pairs_of_stems(form: str) -> Iterator[str]:
    """Any two of the first five words, cut to three letters, so that abbreviation and order do not matter."""
    several = sorted({word[:3] for word in form.split()[:5] if len(word) >= 2})
    yield from (f"{one} {other}" for at, one in enumerate(several) for other in several[at + 1 :])


_LABELS = ("different", "a little in common", "half in common", "mostly the same", "nearly the same", "the same")


def _label(name: str, doc: str, similarity: object) -> Kind:
    return Kind(
        name,
        doc,
        clean=clean,
        normal=normal,
        comparison=Comparison(
            similarity=similarity,  # type: ignore[arg-type]
            cuts=(0.25, 0.5, 0.7, 0.9),
            m=(0.15, 0.1, 0.15, 0.15, 0.15, 0.3),
            u=(0.93, 0.05, 0.012, 0.005, 0.0015, 0.0015),
            labels=_LABELS,
            fit=word_weights,
        ),
        keys={"stems": stems, "pairs": pairs_of_stems},
        alone=frozenset({"pairs"}),
    )


PRODUCT_LABEL = _label(
    "product label",
    "What a product is called; other figures in it (24 or 48 ports) mean another product.",
    shared_label,
)
PROJECT_LABEL = _label("project label", "What a project or a deal is called.", shared_words)
TEXT = Kind("text", "Free text, carried as it is.", clean=lambda value: tidy(value)[:4000])
CHOICE = Kind(
    "choice",
    "One of a few words that a system uses: a status, a stage, a family.",
    clean=lambda value: tidy(value)[:80],
)
