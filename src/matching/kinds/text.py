"""Labels: short texts that say what a product or a project is."""

from collections.abc import Iterator

from matching.comparison import Comparison, Similarity
from matching.kinds.kind import Kind, Refused
from matching.kinds.parts import several, whole
from matching.kinds.placeholders import placeholder
from matching.labels import alike, alike_products, label_weights, models, tokens
from matching.normal import tidy, words
from matching.similarity import never

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
    """Any two of the first eight words, cut to three letters, so that abbreviation and order do not matter."""
    cut = sorted({word[:3] for word in form.split()[:8] if len(word) >= 2})
    yield from (f"{one} {other}" for at, one in enumerate(cut) for other in cut[at + 1 :])


def _label(name: str, doc: str, similarity: Similarity) -> Kind:
    return Kind(
        name,
        doc,
        clean=clean,
        normal=normal,
        comparison=Comparison(
            similarity=similarity,
            cuts=(0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85),
            m=(0.05, 0.07, 0.09, 0.1, 0.1, 0.1, 0.1, 0.08, 0.06, 0.25),
            u=(0.974, 0.014, 0.006, 0.003, 0.0013, 0.0007, 0.0004, 0.0002, 0.0002, 0.0002),
            labels=(
                "different",
                "hardly anything in common",
                "a little in common",
                "some in common",
                "half in common",
                "much in common",
                "mostly the same",
                "nearly the same",
                "the same but for a word",
                "the same",
            ),
            fit=label_weights,
        ),
        doubtful=placeholder,
        keys={"words": several(tokens), "models": several(models), "stems": several(stems), "pairs": several(pairs_of_stems)},
    )


PRODUCT_LABEL = _label(
    "product label",
    "What a product is called; other figures in it (24 or 48 ports) mean another product.",
    alike_products,
)
PROJECT_LABEL = _label("project label", "What a project or a deal is called.", alike)
TITLE = _label("title", "The title of a work: a paper, a film, a song.", alike)
DESCRIPTION = Kind(
    "description",
    "A long text that describes a thing: what two of them share counts a little.",
    clean=lambda value: tidy(value)[:4000],
    normal=normal,
    comparison=Comparison(
        similarity=alike,
        cuts=(0.1, 0.2, 0.35, 0.6),
        m=(0.35, 0.2, 0.15, 0.12, 0.1, 0.08),
        u=(0.96, 0.025, 0.01, 0.003, 0.001, 0.001),
        labels=("different", "a little in common", "some in common", "much in common", "nearly the same", "the same"),
        own=0.3,
        fit=label_weights,
    ),
)
CATEGORY = Kind(
    "category",
    "One of a few words that says what a thing is: an industry, a venue, an occupation.",
    clean=lambda value: tidy(value)[:200],
    normal=normal,
    comparison=Comparison(similarity=never, cuts=(), m=(0.3, 0.7), u=(0.85, 0.15), labels=("different", "the same")),
    keys={"whole": whole},
)
TEXT = Kind("text", "Free text, carried as it is.", clean=lambda value: tidy(value)[:4000])
CHOICE = Kind(
    "choice",
    "One of a few words that a system uses: a status, a stage, a family.",
    clean=lambda value: tidy(value)[:80],
)
