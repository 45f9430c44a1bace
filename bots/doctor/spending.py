"""Whether caps in dollars can be kept: the price of the model has to be known; nothing is said where there are none."""

from bots.doctor.check import Check
from bots.settings import Settings
from core.spending.price_book import PriceBook

MEND = (
    'Say it, in dollars for a million tokens: CONFAB_PRICES={{"{model}": {{"input": 1, "output": 4}}}}; or name in '
    "CONFAB_LOCAL_HOSTS the host where it costs nothing."
)


async def check_spending(settings: Settings) -> list[Check]:
    """Return whether each model that answers has a price, where a cap counts dollars."""
    spending, model = settings.spending, settings.model
    if not any(cap.dollars is not None for cap in spending.caps):
        return []
    served_here = (model.host,) if model.local_model else ()
    own = {name: each.to_price() for name, each in spending.prices.items()}
    if PriceBook(own, (*spending.local_hosts, *served_here)).price_of(model.model, model.host):
        return [Check("spending.prices", "ok", f"The price of {model.model} is known, as CONFAB_CAPS needs.")]
    told = f"CONFAB_CAPS counts dollars, and the price of {model.model} is not known: nobody is answered."
    return [Check("spending.prices", "fail", told, MEND.format(model=model.model))]
