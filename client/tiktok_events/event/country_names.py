"""What forms and exports write instead of a country's two letters, as data.

Names are squeezed: letters only, in lower case. The table is a module of its own, because a country
given by two letters, as most are, does not need it.

Source: ISO 3166-1 as Debian's ``iso-codes`` 4.15 has it (three letters and English names; read
2026-11-30); further names as shops and CRMs use them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_ROWS: Final = (
    "AD and andorra|AE are uae unitedarabemirates|AF afg afghanistan|"
    "AG antiguaandbarbuda atg|AI aia anguilla|AL alb albania|AM arm armenia|AO ago angola|"
    "AQ antarctica ata|AR arg argentina|AS americansamoa asm|"
    "AT austria aut autriche oesterreich österreich|AU aus australia|AW abw aruba|"
    "AX ala ålandislands|AZ aze azerbaijan|BA bih bosniaandherzegovina|BB barbados brb|"
    "BD bangladesh bgd|BE bel belgien belgique belgium belgië|BF bfa burkinafaso|"
    "BG bgr bulgaria|BH bahrain bhr|BI bdi burundi|BJ ben benin|BL blm saintbarthélemy|"
    "BM bermuda bmu|BN brn bruneidarussalam|BO bol bolivia|BQ bes bonaire|"
    "BR bra brasil brazil|BS bahamas bhs|BT bhutan btn|BV bouvetisland bvt|BW botswana bwa|"
    "BY belarus blr|BZ belize blz|CA can canada|CC cck cocoskeelingislands|CD cod|"
    "CF caf centralafricanrepublic|CG cog|CH che schweiz suisse svizzera switzerland|"
    "CI civ côtedivoire|CK cok cookislands|CL chile chl|CM cameroon cmr|"
    "CN china chn mainlandchina 中国|CO col colombia|CR costarica cri|CU cub cuba|"
    "CV caboverde cpv|CW curaçao cuw|CX christmasisland cxr|CY cyp cyprus|"
    "CZ cze czechia czechrepublic|DE alemania allemagne deu deutschland germania germany|"
    "DJ dji djibouti|DK danmark denmark dnk dänemark|DM dma dominica|"
    "DO dom dominicanrepublic|DZ algeria dza|EC ecu ecuador|EE est estonia|EG egy egypt|"
    "EH esh westernsahara|ER eri eritrea|ES esp espagne espana españa spain spanien|"
    "ET eth ethiopia|FI fin finland finnland suomi|FJ fiji fji|"
    "FK falklandislandsmalvinas flk|FM fsm micronesia|FO faroeislands fro|"
    "FR fra france francia frankreich|GA gab gabon|"
    "GB england gbr greatbritain großbritannien northernireland scotland unitedkingdom wales|"
    "GD grd grenada|GE geo georgia|GF frenchguiana guf|GG ggy guernsey|GH gha ghana|"
    "GI gib gibraltar|GL greenland grl|GM gambia gmb|GN gin guinea|GP glp guadeloupe|"
    "GQ equatorialguinea gnq|GR grc greece|GS sgs southgeorgiaandthesouthsandwichislands|"
    "GT gtm guatemala|GU guam gum|GW gnb guineabissau|GY guy guyana|"
    "HK hkg hongkong hongkongsar|HM heardislandandmcdonaldislands hmd|HN hnd honduras|"
    "HR croatia hrv|HT haiti hti|HU hun hungary|ID idn indonesia|IE ireland irl|"
    "IL isr israel|IM imn isleofman|IN ind india|IO britishindianoceanterritory iot|"
    "IQ iraq irq|IR iran irn|IS iceland isl|IT ita italia italie italien italy|JE jersey jey|"
    "JM jam jamaica|JO jor jordan|JP japan jpn 日本|KE ken kenya|KG kgz kyrgyzstan|"
    "KH cambodia khm|KI kir kiribati|KM com comoros|KN kna saintkittsandnevis|"
    "KP northkorea prk|KR kor korea republicofkorea southkorea|KW kuwait kwt|"
    "KY caymanislands cym|KZ kaz kazakhstan|LA lao laopeoplesdemocraticrepublic laos|"
    "LB lbn lebanon|LC lca saintlucia|LI lie liechtenstein|LK lka srilanka|LR lbr liberia|"
    "LS lesotho lso|LT lithuania ltu|LU lux luxembourg|LV latvia lva|LY lby libya|"
    "MA mar morocco|MC mco monaco|MD mda moldova|ME mne montenegro|"
    "MF maf saintmartinfrenchpart|MG madagascar mdg|MH marshallislands mhl|"
    "MK mkd northmacedonia|ML mali mli|MM mmr myanmar|MN mng mongolia|MO mac macao|"
    "MP mnp northernmarianaislands|MQ martinique mtq|MR mauritania mrt|MS montserrat msr|"
    "MT malta mlt|MU mauritius mus|MV maldives mdv|MW malawi mwi|MX mex mexico méxico|"
    "MY malaysia mys|MZ moz mozambique|NA nam namibia|NC ncl newcaledonia|NE ner niger|"
    "NF nfk norfolkisland|NG nga nigeria|NI nic nicaragua|"
    "NL holland nederland netherlands niederlande nld thenetherlands|"
    "NO nor norge norway norwegen|NP nepal npl|NR nauru nru|NU niu niue|NZ newzealand nzl|"
    "OM oman omn|PA pan panama|PE per peru|PF frenchpolynesia pyf|PG papuanewguinea png|"
    "PH philippines phl|PK pak pakistan|PL pol poland polen polska|"
    "PM saintpierreandmiquelon spm|PN pcn pitcairn|PR pri puertorico|PS palestine pse|"
    "PT portugal prt|PW palau plw|PY paraguay pry|QA qat qatar|RE reu réunion|RO romania rou|"
    "RS serbia srb|RU rus russia russianfederation россия|RW rwa rwanda|SA sau saudiarabia|"
    "SB slb solomonislands|SC seychelles syc|SD sdn sudan|SE schweden sverige swe sweden|"
    "SG sgp singapore|SH sainthelena shn|SI slovenia svn|SJ sjm svalbardandjanmayen|"
    "SK slovakia svk|SL sierraleone sle|SM sanmarino smr|SN sen senegal|SO som somalia|"
    "SR sur suriname|SS southsudan ssd|ST saotomeandprincipe stp|SV elsalvador slv|"
    "SX sintmaartendutchpart sxm|SY syr syria syrianarabrepublic|SZ eswatini swz|"
    "TC tca turksandcaicosislands|TD chad tcd|TF atf frenchsouthernterritories|TG tgo togo|"
    "TH tha thailand|TJ tajikistan tjk|TK tkl tokelau|TL timorleste tls|TM tkm turkmenistan|"
    "TN tun tunisia|TO ton tonga|TR tur turkey türkiye|TT trinidadandtobago tto|"
    "TV tuv tuvalu|TW taiwan twn|TZ tanzania tza|UA ukr ukraine|UG uga uganda|"
    "UM umi unitedstatesminoroutlyingislands|"
    "US estadosunidos statiuniti unitedstates unitedstatesofamerica usa vereinigtestaaten"
    " étatsunis|"
    "UY uruguay ury|UZ uzb uzbekistan|VA holyseevaticancitystate vat|"
    "VC saintvincentandthegrenadines vct|VE ven venezuela|VG vgb|VI vir|VN vietnam vnm|"
    "VU vanuatu vut|WF wallisandfutuna wlf|WS samoa wsm|YE yem yemen|YT mayotte myt|"
    "ZA southafrica zaf|ZM zambia zmb|ZW zimbabwe zwe"
)

TWO_LETTERS: Final[Mapping[str, str]] = {
    name: row[:2].lower() for row in _ROWS.split("|") for name in row[3:].split(" ")
}
"""Squeezed name → ISO 3166-1 alpha-2 in lower case."""
