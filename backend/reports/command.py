"""`khupho suggest`: learn now, or say how good it is."""

from uuid import UUID

from backend.i18n import LANGUAGES, Language
from backend.reports import suggestion_queries
from backend.reports.suggesting import Quality, cross_validate
from backend.reports.suggestions import seeds_of, train_ward

_VIETNAMESE = frozenset("ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ")


def language_of(text: str) -> Language:
    """By its letters: good enough to sort figures by."""
    if any("\u0600" <= letter <= "\u06ff" for letter in text):
        return "fa"
    return "vi" if _VIETNAMESE & set(text.lower()) else "en"


async def run_train() -> int:
    """Every ward learns now."""
    for ward_id in await suggestion_queries.list_wards():
        print(f"{ward_id}: learned from {await train_ward(ward_id)} reports.")
    return 0


async def run_evaluate() -> int:
    """Prints, for each ward and language, how good suggestions are on reports held out."""
    print(f"{'ward':36}  lang  texts  shown  first right  one of two  commonest kind")
    for ward_id in await suggestion_queries.list_wards():
        seeds = await seeds_of(ward_id)
        said = [
            one for one in await suggestion_queries.list_said(ward_id) if one.category_id in seeds
        ]
        for language in LANGUAGES:
            spoken = [one for one in said if language_of(one.text) == language]
            if spoken:
                print(_row(ward_id, language, cross_validate(seeds, spoken)))
    return 0


def _row(ward_id: UUID, language: Language, quality: Quality) -> str:
    def share(number: int) -> str:
        return f"{100 * number / quality.count:.0f} %"

    return (
        f"{ward_id!s:36}  {language:4}  {quality.count:5}  {share(quality.shown):>5}"
        f"  {share(quality.first):>11}  {share(quality.both):>10}  {share(quality.commonest):>14}"
    )
