"""Made-up shops for the sample events: what is sold, for how much, and on which page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from worker.local.samples.people import token

if TYPE_CHECKING:
    from random import Random


@dataclass(frozen=True, slots=True)
class Product:
    """Something sold; ``price`` is that of one piece, in any currency."""

    content_id: str
    name: str
    category: str
    brand: str
    price: float


_PRODUCTS: Final = (
    Product("sku-10234", "Stoneware mug, 350 ml", "Home > Kitchen", "Tonwerk", 14.90),
    Product("sku-10871", "Linen apron with two pockets", "Home > Kitchen", "Feldweg", 39.00),
    Product("sku-20415", "Trail running shoes", "Sport > Shoes", "Cairn", 129.95),
    Product("sku-20777", "Merino running socks, 3 pairs", "Sport > Clothing", "Cairn", 32.50),
    Product("sku-31002", "Vitamin C serum, 30 ml", "Beauty > Skin care", "Lumen", 24.99),
    Product("sku-31555", "Shea hand cream", "Beauty > Skin care", "Lumen", 8.49),
    Product("sku-40100", "Wireless headphones", "Electronics > Audio", "Nordklang", 199.00),
    Product("sku-40933", "USB-C charger, 65 W", "Electronics > Power", "Nordklang", 34.99),
)
_MARKETS: Final = (("EUR", "de"), ("USD", "us"), ("GBP", "uk"), ("PLN", "pl"), ("SEK", "se"))
_CAMPAIGNS: Final = ("spring_sale", "creators_05", "retargeting_30d", "brand_always_on")
_QUERIES: Final = ("running shoes", "mug blue", "gift under 50", "hand cream refill")
_BASKET: Final = frozenset(
    {"AddToCart", "InitiateCheckout", "AddPaymentInfo", "Purchase", "CompletePayment", "Checkout"}
)
_ORDERS: Final = frozenset({"Purchase", "CompletePayment"})
_PLACES: Final = {
    "ViewContent": "p/item",
    "AddToCart": "p/item",
    "AddToWishlist": "p/item",
    "Search": "search",
    "InitiateCheckout": "checkout",
    "AddPaymentInfo": "checkout/payment",
    "Purchase": "checkout/thank-you",
    "CompletePayment": "checkout/thank-you",
    "CompleteRegistration": "account/welcome",
    "Subscribe": "account/plan",
    "Lead": "contact/thank-you",
    "SubmitForm": "contact/thank-you",
}


def currency_of(shop: int) -> str:
    """Return the currency in which shop number ``shop`` sells."""
    return _MARKETS[shop % len(_MARKETS)][0]


def properties_of(rng: Random, name: str, currency: str, order_id: str) -> dict[str, Any] | None:
    """Return the ``properties`` that an event of this name usually has; ``None`` for none."""
    if name == "Search":
        return {"search_string": rng.choice(_QUERIES)}
    if name in {"Lead", "SubmitForm", "Subscribe", "SpendCredits"}:
        return {"value": rng.choice((5, 10, 25)), "currency": currency, "description": name}
    if name in {"ViewContent", "AddToWishlist"}:
        return _goods(rng, currency, most=1)
    if name not in _BASKET:
        return None
    goods = _goods(rng, currency, most=3)
    return goods | {"order_id": order_id} if name in _ORDERS else goods


def page_of(rng: Random, name: str, shop: int) -> dict[str, Any]:
    """Return the page of an event: its full URL, and where the visitor came from."""
    host = f"https://shop-{shop + 1}.{_MARKETS[shop % len(_MARKETS)][1]}.example"
    campaign = f"utm_source=tiktok&utm_medium=paid&utm_campaign={rng.choice(_CAMPAIGNS)}"
    page = {"url": f"{host}/{_PLACES.get(name, '')}?{campaign}&session={token(rng, 18)}"}
    if rng.random() < 0.8:  # noqa: PLR2004 — the rest came directly
        page["referrer"] = rng.choice(("https://www.tiktok.com/", f"{host}/", f"{host}/p/item"))
    return page


def _goods(rng: Random, currency: str, *, most: int) -> dict[str, Any]:
    contents = [_content(rng, product) for product in rng.sample(_PRODUCTS, rng.randint(1, most))]
    total = sum(item["price"] * item["quantity"] for item in contents)
    return {
        "contents": contents,
        "content_type": "product",
        "currency": currency,
        "value": round(total, 2),
    }


def _content(rng: Random, product: Product) -> dict[str, Any]:
    return {
        "content_id": product.content_id,
        "content_name": product.name,
        "content_category": product.category,
        "brand": product.brand,
        "price": product.price,
        "quantity": rng.choice((1, 1, 1, 2, 3)),
    }
