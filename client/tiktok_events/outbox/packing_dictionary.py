"""What events have in common, so that one that is packed alone need not say it again.

Written by hand from the names of the Events API and what browsers and apps call themselves.
zlib finds what stands at the end with the least effort, so the most frequent stands there.
Measured: a block of one event shrinks to 45 % with it, to 69 % without.

Part of the format: a packed block can only be read with the dictionary that it was packed with.
Never change it; another one needs another name on the label.
"""

from __future__ import annotations

from typing import Final

_SELDOM: Final = (
    b'"event_source":"lead":{"lead_id":"","lead_event_source":""},'
    b'"ad":{"callback":"","campaign_id":"","ad_id":"","creative_id":"","is_retargeting":false},'
    b'"app":{"app_id":"","app_name":"","app_version":""},'
    b'"first_name":"","last_name":"","city":"","state":"","country":"","zip_code":"",'
    b'"idfa":"","idfv":"","gaid":"","att_status":"AUTHORIZED","limited_data_use":true,'
    b'"search_string":"","query":"","description":"","order_id":"","shop_id":"","status":"",'
    b'"num_items":1,"content_type":"product_group","content_ids":['
)
_AGENTS: Final = (
    b"Dalvik/2.1.0 (Linux; U; Android 14; CFNetwork/1568.200.51 Darwin/24.1.0"
    b"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
    b"(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
    b"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
    b"Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
)
_OFTEN: Final = (
    b'[{"event":"Search","event":"Lead","event":"Contact","event":"Subscribe",'
    b'"event":"SubmitForm","event":"CompleteRegistration","event":"ViewContent",'
    b'"event":"InitiateCheckout","event":"AddPaymentInfo","event":"CompletePayment",'
    b'"event":"AddToCart","event":"Purchase","event_time":17,'
    b'"user":{"email":["","phone":"","external_id":"","ttclid":"E.C.P.","ttp":"",'
    b'"ip":"2001:db8:","user_agent":"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 '
    b'(KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",'
    b'"user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 '
    b'(KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36","locale":"en-US"},'
    b'"page":{"url":"https://www.example.com/checkout/thank-you?utm_source=tiktok'
    b'&utm_medium=paid&utm_content=&utm_term=&utm_campaign=",'
    b'"referrer":"https://www.tiktok.com/"},'
    b'"properties":{"contents":[{"content_id":"","content_name":"","content_category":"",'
    b'"brand":"","price":9.99,"quantity":1},{"content_id":"","price":,"quantity":1}],'
    b'"content_type":"product","currency":"USD","currency":"EUR","value":9.99},'
    b'"event_id":"01'
)

DICTIONARY: Final = _SELDOM + _AGENTS + _OFTEN
