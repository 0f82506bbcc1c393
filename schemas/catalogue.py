"""What TikTok names: events, reserved names, currencies and the closed vocabularies.

Every table cites where it comes from. All pages were read on 2026-11-22; a name that is missing
here is a custom event or an unknown value, never proof that TikTok refuses it.
"""

from __future__ import annotations

from datetime import date
from typing import Final

EVENT_SOURCES: Final = ("web", "app", "offline", "crm")
"""What ``event_source`` may be.

Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761
"""

STANDARD_EVENTS: Final = frozenset(
    {
        "AddPaymentInfo",
        "AddToCart",
        "AddToWishlist",
        "ApplicationApproval",
        "CompleteRegistration",
        "Contact",
        "CustomizeProduct",
        "Download",
        "FindLocation",
        "InitiateCheckout",
        "Lead",
        "Purchase",
        "Schedule",
        "Search",
        "StartTrial",
        "SubmitApplication",
        "Subscribe",
        "ViewContent",
    }
)
"""The present standard events of web, offline and CRM.

Source: https://ads.tiktok.com/help/article/supported-standard-events
"""

SUNSETS: Final = {"ClickButton": date(2027, 1, 1), "PlaceAnOrder": date(2027, 1, 1)}
"""Former standard events without a successor → the day from which TikTok no longer supports them.

Source: https://ads.tiktok.com/help/article/how-to-adopt-tiktoks-updated-standard-events says "until
2027" (read 2026-11-30).
"""

FORMER_STANDARD_EVENTS: Final = frozenset(
    {"ClickButton", "CompletePayment", "PlaceAnOrder", "SubmitForm"}
)
"""Standard until 2025 and still sent by most integrations.

Source: https://ads.tiktok.com/help/article/standard-events-parameters and the event list of
https://github.com/tiktok/gtm-template-eapi
"""

SUCCESSORS: Final = {"CompletePayment": "Purchase", "SubmitForm": "Lead"}
"""Former standard events that live on under another name.

Source: https://ads.tiktok.com/help/article/custom-events
"""

APP_EVENTS: Final = frozenset(
    {
        "AchieveLevel",
        "AddPaymentInfo",
        "AddToCart",
        "AddToWishlist",
        "Checkout",
        "CompleteTutorial",
        "CreateGroup",
        "CreateRole",
        "GenerateLead",
        "InAppADClick",
        "ImpressionLevelAdRevenue",
        "InAppADImpr",
        "InAppAdImpr",
        "InstallApp",
        "JoinGroup",
        "LaunchAPP",
        "LoanApplication",
        "LoanApproval",
        "LoanDisbursal",
        "Login",
        "Purchase",
        "Rate",
        "Registration",
        "Search",
        "SpendCredits",
        "StartTrial",
        "Subscribe",
        "UnlockAchievement",
        "ViewContent",
    }
)
"""The standard events of apps; of two spellings both are in use.

Source: https://business-api.tiktok.com/portal/docs?id=1771101111730178, and the names of TikTok's
SDK for Android (read 2026-11-30)
"""

RESERVED_NAMES: Final = {
    "AddBilling": "AddPaymentInfo",
    "Browse": "PageView",
    "Checkout": "PlaceAnOrder",
    "ClickForm": "Lead",
    "ClickInDownloadPage": "ClickButton",
    "ClickToDownload": "Download",
    "Consult": "Contact",
    "ConsultByPhone": "Contact",
    "Registration": "CompleteRegistration",
    "StartCheckout": "InitiateCheckout",
    "ViewConsultationPage": "ViewContent",
    "ViewDownloadPage": "ViewContent",
    "ViewForm": "ViewContent",
}
"""Names that TikTok turns into another event.

Source: https://ads.tiktok.com/help/article/custom-events and
https://ads.tiktok.com/help/article/reserved-events (read 2026-11-30)
"""

OPTIMISATION_NAMES: Final = {
    "SHOPPING": "Purchase",
    "FORM": "Lead",
    "ON_WEB_CART": "AddToCart",
    "ON_WEB_DETAIL": "ViewContent",
    "INITIATE_ORDER": "InitiateCheckout",
    "ADD_BILLING": "AddPaymentInfo",
    "ON_WEB_REGISTER": "CompleteRegistration",
    "CONSULT": "Contact",
    "DOWNLOAD_START": "Download",
    "ON_WEB_SEARCH": "Search",
    "ON_WEB_SUBSCRIBE": "Subscribe",
    "ON_WEB_ADD_TO_WISHLIST": "AddToWishlist",
}
"""What the Ads API calls the goals of a campaign: sent as event names they count as custom events.

Source: https://business-api.tiktok.com/portal/docs?id=1771101186666498
"""

PAGE_VIEWS: Final = frozenset({"Pageview", "PageView"})
"""The page view of TikTok's own templates: a custom event, and meant to be one.

Source: https://github.com/tiktok/gtm-template-eapi
"""

PIXEL_TYPES: Final = frozenset({"LANDING_PAGE_VIEW", "ENGAGED_SESSION"})
"""Event types that a pixel's own statistics show, and nobody sends.

Source: a captured answer of the API's list of pixels (read 2026-11-30)
"""

_CURRENCY_CODES: Final = (
    "AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL "
    "HUF IDR ILS INR ISK JPY KES KHR KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR "
    "PLN PYG QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD VES VND ZAR"
)
CURRENCIES: Final = frozenset(_CURRENCY_CODES.split())
"""The ISO 4217 codes that TikTok lists; what it does with others is not documented.

Source: https://business-api.tiktok.com/portal/docs?id=1771101151059969
"""

CONTENT_TYPES: Final = ("product", "product_group", "hotel", "flight", "destination", "vehicle")
"""Whether content ids are SKUs or item groups; of travel and automotive catalogues, what they are.

Source: https://ads.tiktok.com/help/article/about-parameters, and the help pages on Travel Ads and
Automotive Ads (read 2026-11-30)
"""

CUSTOMER_TYPES: Final = ("new", "returning")
"""Source: https://business-api.tiktok.com/portal/docs?id=1771101303285761 (read 2026-11-30)."""

ATT_STATUSES: Final = (
    "AUTHORIZED",
    "DENIED",
    "NOT_DETERMINED",
    "RESTRICTED",
    "NOT_APPLICABLE",
)
"""The answer to Apple's App Tracking Transparency prompt.

Source: https://business-api.tiktok.com/portal/docs?id=1771101111730178
"""

DELIVERY_CATEGORIES: Final = ("in_store", "curbside", "home_delivery")
"""How an order reaches the buyer.

Source: https://github.com/segmentio/action-destinations (tiktok-conversions)
"""

TRAVEL_CLASSES: Final = ("eco", "prem", "bus", "first")
"""Source: https://github.com/segmentio/action-destinations (tiktok-conversions, travel fields)."""

VEHICLE_STATES: Final = ("New", "Used", "CPO")
MILEAGE_UNITS: Final = ("MI", "KM")
TRANSMISSIONS: Final = ("Automatic", "Manual", "Other")
BODY_STYLES: Final = (
    "Convertible",
    "Coupe",
    "Hatchback",
    "Minivan",
    "Truck",
    "SUV",
    "Sedan",
    "Van",
    "Wagon",
    "Crossover",
    "Other",
)
FUEL_TYPES: Final = ("Diesel", "Electric", "Flex", "Gasoline", "Hybrid", "Other")
DRIVETRAINS: Final = ("AWD", "FOUR_WD", "FWD", "RWD", "TWO_WD", "Other")
VEHICLE_CONDITIONS: Final = ("Excellent", "Good", "Fair", "Poor", "Other")
"""Source: https://github.com/segmentio/action-destinations (tiktok-conversions, vehicle fields)."""
