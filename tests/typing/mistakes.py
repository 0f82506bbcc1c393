"""What a type checker must not accept: each marked line is one mistake, and the only ones."""

from __future__ import annotations

from tiktok_events import Client, Content, Event, Money, Page, User, purchase, search

page: Page = {"url": "https://shop.example/thanks"}

nameless: Event = {"page": page}  # mistake: the name is required
no_url: Page = {"referrer": "https://shop.example/"}  # mistake: a page needs its URL
number_as_id: Content = {"content_id": 1001}  # mistake: ids are texts
price_as_text: Content = {"price": "29.99"}  # mistake: prices are numbers
misspelt: User = {"e_mail": "jo@example.com"}  # mistake: no such match key
number_as_phone: User = {"phone": 49301234567}  # mistake: a phone number is text
of_nowhere: Event = {"event": "Lead", "event_source": "shop"}  # mistake: no such source
kind: Event = {"event": "Lead", "properties": {"content_type": "mug"}}  # mistake: no such type

Money(59.98)  # mistake: an amount needs its currency
Money("59.98", "EUR")  # mistake: an amount is a number
purchase(page=page)  # mistake: a purchase needs its value
purchase(value=59.98, page=page)  # mistake: a value needs its currency
purchase(value=Money(1, "EUR"), order_id=1001, page=page)  # mistake: ids are texts
purchase(value=Money(1, "EUR"), pge=page)  # mistake: no such argument
purchase(value=Money(1, "EUR"), contents=[{"id": "1"}], page=page)  # mistake: no such key
search(page=page)  # mistake: a search needs its words
Client().track("Purchase")  # mistake: a name is no event
Client().track_many({"event": "Lead"})  # mistake: one event is not many
