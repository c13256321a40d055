"""Whether two people seem to be of one house: the same organisation, or the same domain behind the @."""

import unicodedata

from registrations.masking.words import words_of

#: Where anybody has a mailbox; the reserved domains of examples belong to nobody.
_ANYBODYS = """
abv.bg aim.com alice.it aliceadsl.fr aol.co.uk aol.com aol.de aol.es aol.fr aol.it aon.at apollo.lv arcor.de atlas.cz
autograf.pl azet.sk bahnhof.se bbox.fr bigmir.net bigpond.com bih.net.ba bk.ru bluewin.ch blueyonder.co.uk
bredband.net broadpark.no brutele.be btinternet.com buziaczek.pl casema.nl cegetel.net centrum.cz centrum.sk chello.at
chello.cz chello.fr chello.hu chello.nl chello.pl chello.sk citromail.hu clicknet.ro clix.pt club-internet.fr
comhem.se cytanet.com.cy delfi.ee delfi.lv dir.bg disroot.org duck.com eircom.net elisanet.fi email.cz email.de
email.it email.ro eunet.rs example.com example.net example.org fastmail.com fastmail.fm fastwebnet.it forthnet.gr
free.fr freemail.gr freemail.hu freenet.de gazeta.pl gbg.bg getmail.no gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.es
gmx.eu gmx.fr gmx.info gmx.li gmx.net gmx.us go2.pl googlemail.com hetnet.nl hey.com hispeed.ch hol.gr home.nl home.ro
hot.ee hotmail.be hotmail.ch hotmail.co.uk hotmail.com hotmail.com.tr hotmail.cz hotmail.de hotmail.dk hotmail.es
hotmail.fi hotmail.fr hotmail.gr hotmail.hu hotmail.it hotmail.lt hotmail.lv hotmail.nl hotmail.no hotmail.se
hushmail.com i.ua icloud.com ik.me in.gr inbox.eu inbox.lt inbox.lv inbox.ru indamail.hu inet.fi inet.hr inode.at
interia.pl internet.lu inwind.it iol.cz iol.it iol.pt jubii.dk kabelmail.de kabsi.at katamail.com keemail.me
kolumbus.fi kpnmail.nl kpnplanet.nl laposte.net libero.it list.ru live.at live.be live.co.uk live.com live.com.pt
live.de live.dk live.fi live.fr live.ie live.it live.nl live.no live.se liwest.at luukku.com lyse.net mac.com mail.bg
mail.com mail.de mail.dk mail.ee mail.lt mail.lv mail.ru mail.t-com.sk mail.tele.dk mail.telepac.pt mailbox.hu
mailbox.org mailfence.com mailo.com maltanet.net me.com meta.ua msn.com mycosmos.gr mynet.com myyahoo.com net.hr
netcabo.pt neti.ee netscape.net neuf.fr noos.fr ntlworld.com numericable.fr o2.pl o2online.de onet.eu onet.pl
online.de online.ee online.no ono.com onvol.net op.pl optinet.hr orange.fr otenet.gr outlook.at outlook.be outlook.com
outlook.com.gr outlook.cz outlook.de outlook.dk outlook.es outlook.fr outlook.hu outlook.ie outlook.it outlook.lv
outlook.pt outlook.sk passagen.se passmail.net planet.nl pm.me pobox.sk poczta.fm poczta.onet.eu poczta.onet.pl
post.cz post.sk posteo.at posteo.ch posteo.de posteo.eu posteo.net pp.inet.fi proton.me protonmail.ch protonmail.com
pt.lu quick.cz quicknet.nl rambler.ru rdslink.ro riseup.net rocketmail.com runbox.com sapo.pt saunalahti.fi sbb.rs
scarlet.be sezampro.rs seznam.cz sfr.fr simnet.is siol.com siol.net skynet.be spidernet.net spray.se startmail.com
stofanet.dk stonline.sk sunrise.ch suomi24.fi superonline.com t-2.net t-com.hr t-com.sk t-email.hu t-online.de
t-online.hu takas.lt talktalk.net tdcadsl.dk tele2.at tele2.nl tele2.se telefonica.net telenet.be telepac.pt telia.com
terra.es tim.it tin.it tiscali.co.uk tiscali.cz tiscali.it tlen.pl ttmail.com tuta.com tuta.io tutamail.com
tutanota.com tutanota.de ukr.net unitybox.de upcmail.cz upcmail.hu upcmail.nl utanet.at vip.cybercity.dk vip.hr
vipmail.hu virgilio.it virginmedia.com vivaldi.net vo.lu voila.fr volny.cz voo.be vp.pl walla.com wanadoo.es
wanadoo.fr web.de welho.com windowslive.com wp.pl xs4all.nl ya.com yahoo.at yahoo.be yahoo.bg yahoo.co.uk yahoo.com
yahoo.com.hr yahoo.com.tr yahoo.cz yahoo.de yahoo.dk yahoo.es yahoo.fi yahoo.fr yahoo.gr yahoo.hr yahoo.hu yahoo.ie
yahoo.it yahoo.nl yahoo.no yahoo.pl yahoo.pt yahoo.ro yahoo.se yandex.by yandex.com yandex.ru yandex.ua ymail.com
zebra.lt zg.t-com.hr ziggo.nl zoho.com zoho.eu zohomail.com zohomail.eu zoznam.sk
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


def one_spelling(name: str) -> str:
    """The name without regard to case and spaces; empty where it names none. Numbers and small words tell apart."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split()) if organisation_key(name) else ""


def is_one_house(*, organisation: str, email: str, other_organisation: str, other_email: str) -> bool:
    """Whether two people write the same organisation, or have addresses at one domain that is not anybody's."""
    key, domain, other = organisation_key(organisation), own_domain(email), own_domain(other_email)
    if key and key == organisation_key(other_organisation):
        return True
    return bool(domain and other) and (f".{domain}".endswith(f".{other}") or f".{other}".endswith(f".{domain}"))
