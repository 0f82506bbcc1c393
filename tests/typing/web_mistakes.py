"""What a type checker must not accept of a shop on the web: one mistake in each marked line."""

from __future__ import annotations

from flask import Flask, request

from tiktok_events import AsyncClient, Client, Money, Policy, purchase
from tiktok_events.web import WebEvents, current_visit, visit_of
from tiktok_events.web.django.request import VisitRequest
from tiktok_events.web.flask import TikTokEvents
from tiktok_events.web.signals import ConsentSignals

client = Client()
events = WebEvents(client)

client.track({"event": "Lead", "usr": {"email": "jo@example.com"}})  # mistake: no such key
client.track({"event": "Lead", "user": {"e_mail": "jo@example.com"}})  # mistake: no match key
events.track({"event": "Purchase", "properties": {"valeu": 1}})  # mistake: no such property
events.track({"event": "Lead", "page": {"uri": "https://x.example"}})  # mistake: no such part
events.track({"evnt": "Lead"})  # mistake: the name is missing
client.track_many([{"event": "Lead", "propertys": {}}])  # mistake: one of many
events.track(purchase(value=Money(1, "EUR")), visti=current_visit())  # mistake: no such argument
events.track({"event": "Lead"}, pixel=["C0A"])  # mistake: they are pixels
events.track({"event": "Lead"}).scripts()  # mistake: it is one script
events.withdraw({"mail": "jo@example.com"})  # mistake: no match key of that name
Policy("forbid")  # mistake: no such use
WebEvents(AsyncClient())  # mistake: that is AsyncWebEvents
TikTokEvents(Flask(__name__), consent=lambda request: request.cookies)  # mistake: no answer
ConsentSignals(purpose=[1])  # mistake: they are purposes
seen = visit_of(request).consentd  # mistake: it is consented


def view(request: VisitRequest) -> str:
    """The visit of Django's request is typed, too."""
    return request.tiktok_events.usr["ttclid"]  # mistake: it is user
