"""Whether two people seem to be of one house: the same organisation, or the same domain behind the @."""

from registrations.masking.words import words_of

#: Where anybody has a mailbox; the reserved domains of examples belong to nobody.
_ANYBODYS = """
abv.bg aol.com azet.sk bigpond.com bluewin.ch btinternet.com centrum.cz centrum.sk citromail.hu delfi.lv email.cz
example.com example.net example.org fastmail.com free.fr freemail.hu freenet.de gmail.com gmx.at gmx.ch gmx.com
gmx.de gmx.net googlemail.com hey.com hotmail.be hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr
hotmail.it icloud.com inbox.lv inbox.lt interia.pl kpnmail.nl laposte.net libero.it live.be live.co.uk live.com
live.fr live.nl mac.com mail.bg mail.com mail.ee mail.ru mailbox.org me.com msn.com o2.pl onet.pl orange.fr
outlook.be outlook.com outlook.de outlook.es outlook.fr outlook.it pm.me post.cz posteo.de proton.me protonmail.ch
protonmail.com riseup.net rocketmail.com sapo.pt seznam.cz sfr.fr skynet.be t-online.de telenet.be tin.it tuta.com
tuta.io tutanota.com tutanota.de ukr.net upcmail.hu virgilio.it volny.cz walla.com wanadoo.fr web.de windowslive.com
wp.pl yahoo.co.uk yahoo.com yahoo.de yahoo.es yahoo.fr yahoo.gr yahoo.it yahoo.ro yandex.com yandex.ru ymail.com
ziggo.nl zoho.com zoznam.sk
"""
#: What people write who belong to no organisation, or do not say to which.
NO_ORGANISATION = frozenset(
    {"", "none", "no", "na", "n a", "nothing", "private", "self employed", "freelance", "freelancer"}
)
#: How the answer begins of those who do not say it here.
NOTHING_SAID = "i prefer to tell you by telephone"
_PUBLIC = frozenset(_ANYBODYS.split())
_SMALL = frozenset({"the", "of", "and", "for", "in", "a"})


def own_domain(email: str) -> str:
    """The domain of a mail address in lower case; empty where anybody can have a mailbox there."""
    domain = email.rpartition("@")[2].strip().lower().rstrip(".")
    return "" if domain in _PUBLIC else domain


def organisation_key(name: str) -> str:
    """The same for names that differ in case, accents, punctuation or small words; empty where it names none."""
    key = " ".join(word for word in words_of(name) if word not in _SMALL)
    said = " ".join(words_of(name))
    return "" if said in NO_ORGANISATION or said.startswith(NOTHING_SAID) else key


def is_one_house(*, organisation: str, email: str, other_organisation: str, other_email: str) -> bool:
    """Whether two people write the same organisation, or have addresses at one domain that is not anybody's."""
    key, domain, other = organisation_key(organisation), own_domain(email), own_domain(other_email)
    if key and key == organisation_key(other_organisation):
        return True
    return bool(domain and other) and (f".{domain}".endswith(f".{other}") or f".{other}".endswith(f".{domain}"))
