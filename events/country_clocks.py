"""What the clock shows in a country, for deadlines read outside the event's own zone.

Only countries whose people can be told one time are here. Where a country has several zones, the one of its mainland
stands for it; a country as wide as Russia is left out, so that nobody is told a wrong hour.
"""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

# code, as "in …" says it, the name of the zone after "Europe/"
_LINES = """
AD Andorra|Andorra
AL Albania|Tirane
AT Austria|Vienna
BA Bosnia and Herzegovina|Sarajevo
BE Belgium|Brussels
BG Bulgaria|Sofia
CH Switzerland|Zurich
CY Cyprus|Nicosia
CZ Czechia|Prague
DE Germany|Berlin
DK Denmark|Copenhagen
EE Estonia|Tallinn
ES Spain|Madrid
FI Finland|Helsinki
FR France|Paris
GB the United Kingdom|London
GR Greece|Athens
HR Croatia|Zagreb
HU Hungary|Budapest
IE Ireland|Dublin
IT Italy|Rome
LI Liechtenstein|Vaduz
LT Lithuania|Vilnius
LU Luxembourg|Luxembourg
LV Latvia|Riga
MC Monaco|Monaco
MD Moldova|Chisinau
ME Montenegro|Podgorica
MK North Macedonia|Skopje
MT Malta|Malta
NL the Netherlands|Amsterdam
NO Norway|Oslo
PL Poland|Warsaw
PT Portugal|Lisbon
RO Romania|Bucharest
RS Serbia|Belgrade
SE Sweden|Stockholm
SI Slovenia|Ljubljana
SK Slovakia|Bratislava
SM San Marino|San_Marino
TR Türkiye|Istanbul
UA Ukraine|Kyiv
VA Vatican City|Vatican
XK Kosovo|Belgrade
"""

_OUTSIDE_EUROPE = {
    "AM": ("Armenia", "Asia/Yerevan"),
    "AZ": ("Azerbaijan", "Asia/Baku"),
    "DZ": ("Algeria", "Africa/Algiers"),
    "EG": ("Egypt", "Africa/Cairo"),
    "GE": ("Georgia", "Asia/Tbilisi"),
    "IL": ("Israel", "Asia/Jerusalem"),
    "IS": ("Iceland", "Atlantic/Reykjavik"),
    "JO": ("Jordan", "Asia/Amman"),
    "LB": ("Lebanon", "Asia/Beirut"),
    "LY": ("Libya", "Africa/Tripoli"),
    "MA": ("Morocco", "Africa/Casablanca"),
    "TN": ("Tunisia", "Africa/Tunis"),
}

_IN_EUROPE = {
    line[:2]: (line[3:].partition("|")[0], f"Europe/{line.partition('|')[2]}") for line in _LINES.strip().splitlines()
}

COUNTRY_CLOCKS: Mapping[str, tuple[str, str]] = _IN_EUROPE | _OUTSIDE_EUROPE
"""By ISO 3166-1 alpha-2 code: the country's name as "in …" says it, and its IANA zone."""


def country_clock(code: str | None) -> tuple[str, ZoneInfo] | None:
    """Return the name and zone of the country, or None where there is none to tell."""
    entry = COUNTRY_CLOCKS.get(code or "")
    return (entry[0], ZoneInfo(entry[1])) if entry else None
