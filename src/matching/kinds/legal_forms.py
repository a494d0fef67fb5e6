"""Legal forms of companies, short and spelled in full, of Europe, America and Asia, as folded words."""

from rapidfuzz.distance import OSA

SHORT = frozenset(
    "sa sas sasu sarl eurl sc sci scp scm scop snc selarl selas scea earl gaec gie ei eirl eirlf sca scs sem spl "
    "ltd limited plc llp llc lllp lp inc incorporated corp corporation company co gmbh ag akg kg kgaa ohg ug mbh ek ev "
    "sl slu sll srl srls spa sapa scarl bv nv vof cvba bvba asbl vzw ab oy oyj as aps ivs ehf lda ltda eireli "
    "oao ooo zao pao ojsc cjsc jsc pjsc uab sia kft zrt nyrt sro doo dooel eood ood ead pte pty pvt sdn bhd fze wll tbk".split()
)
SPELLED = (
    "societe par actions simplifiee unipersonnelle",
    "societe par actions simplifiee",
    "societe a responsabilite limitee",
    "entreprise unipersonnelle a responsabilite limitee",
    "societe civile immobiliere",
    "societe en nom collectif",
    "societe en commandite",
    "societe civile",
    "societe anonyme",
    "societe cooperative",
    "entrepreneur individuel",
    "entreprise individuelle",
    "auto entrepreneur",
    "micro entrepreneur",
    "association loi 1901",
    "association sans but lucratif",
    "s a r l",
    "s a rl",
    "s a",
    "a s",
    "k s",
    "gesellschaft mit beschrankter haftung",
    "gesellschaft m b h",
    "aktiengesellschaft",
    "kommanditgesellschaft",
    "offene handelsgesellschaft",
    "unternehmergesellschaft",
    "eingetragener verein",
    "sociedad limitada",
    "sociedad de responsabilidad limitada",
    "sociedad anonima de capital variable",
    "sociedad anonima",
    "sociedade limitada",
    "sociedade anonima",
    "societa per azioni",
    "societa a responsabilita limitata",
    "societa in nome collettivo",
    "societa in accomandita semplice",
    "societate cu raspundere limitata",
    "societatea cu raspundere limitata",
    "societate pe actiuni",
    "besloten vennootschap met beperkte aansprakelijkheid",
    "besloten vennootschap",
    "naamloze vennootschap",
    "vennootschap onder firma",
    "aktiebolag",
    "aktieselskab",
    "aksjeselskap",
    "anpartsselskab",
    "osakeyhtio",
    "spolka z ograniczona odpowiedzialnoscia",
    "spolka akcyjna",
    "sp z oo",
    "sp z o o",
    "spolecnost s rucenim omezenym",
    "akciova spolecnost",
    "korlatolt felelossegu tarsasag",
    "obshchestvo s ogranichennoy otvetstvennost yu",
    "obshchestvo s ogranichennoi otvetstvennostyu",
    "tovaristvo z obmezhenoyu vidpovidal nistyu",
    "publichnoe aktsionernoe obshchestvo",
    "otkrytoe aktsionernoe obshchestvo",
    "zakrytoe aktsionernoe obshchestvo",
    "aktsionernoe obshchestvo",
    "anonim sirketi",
    "limited sirketi",
    "limited liability company",
    "limited liability partnership",
    "limited partnership",
    "public limited company",
    "private limited company",
    "public company limited",
    "private company limited by shares",
    "public joint stock company",
    "open joint stock company",
    "closed joint stock company",
    "joint stock company",
    "incorporated",
    "corporation",
)
LONG_WORD = 8
"""Letters from which a word of a form may be mistyped by one."""
_START = 4


def _by_start() -> dict[str, list[tuple[str, ...]]]:
    """Spelled forms by their first letters, the longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for form in sorted((tuple(form.split()) for form in SPELLED), key=len, reverse=True):
        found.setdefault(form[0][:_START], []).append(form)
    return found


_SPELLED_FROM = _by_start()


def without_forms(words: list[str]) -> list[str]:
    """The words that are no legal form."""
    kept, at = [], 0
    while at < len(words):
        word = words[at]
        length = _form_at(words, at) if word[:_START] in _SPELLED_FROM else 0
        if not length and word not in SHORT:
            kept.append(word)
        at += length or 1
    return kept


def _form_at(words: list[str], at: int) -> int:
    """How many words from here are a legal form spelled in full."""
    for form in _SPELLED_FROM[words[at][:_START]]:
        if len(words) - at >= len(form) and all(map(_is, words[at : at + len(form)], form)):
            return len(form)
    return 0


def _is(word: str, meant: str) -> bool:
    """Whether a word is another, or a long one with a letter wrong."""
    return word == meant or (len(meant) >= LONG_WORD and OSA.distance(word, meant, score_cutoff=1) <= 1)
