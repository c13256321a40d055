"""Words that say nothing about who somebody is, since many write them: of sectors, of organisations, of every
text."""

#: Sectors, kinds of organisations and what people do in them, in English and as offices call themselves elsewhere.
_SECTOR = """
academy action activity addiction administration adult affairs against agency aid alliance area assistance association
authority base board body borough branch bureau business campus care case cases cell central centre center chamber
charity child children citizen city civil clinic clinical club coalition college command commission committee
community
community-based company concern consultancy consultant consulting control cooperation coordination coordinator corps
correction correctional corrections council counselling country county court crime criminal crisis culture
cultural custody defence department deradicalisation detention development dialogue directorate disengagement district
division doctor education educational employment enforcement equality europe european exclusion executive exit expert
extremism families family federal federation field first force forensic forum foundation freelance general global
government group guard health healthcare help home hospital house housing human inclusion independent information
initiative institute institution integration interior internal international intervention investigation job justice
juvenile knowledge lab labour law lawyer league learning legal liaison local management manager mayor medical medicine
member mental mentor mentoring migration ministry mobile municipal municipality national neighbourhood network none
nurse occupational office officer online open organisation organization outreach parliament partner partnership party
patrol peace penal penitentiary people personal pilot place platform police policing policy practice practitioner
presidency press prevent prevention preventing primary prison prisons prisoner private probation professional
professionals professor programme program project prosecution prosecutor protection province psychiatric psychiatry
psychologist psychological psychology psychotherapy public radicalisation radicalization refuge refugee region
regional
rehabilitation reintegration religious research researcher resilience resource response safeguarding safety school
secondary secretariat section sector secure security self-employed senior service services social society specialist
sport staff state station street student studies study support system task teacher team terrorism therapist therapy
town trainer training trauma treatment trust union unit university urban victim victims village violence violent
voluntary volunteer welfare wellbeing women work worker workers workshop youth
amt behorde bezirk bund bundes dienst fachstelle gefangnis gericht gesundheit hochschule hilfe institut jugend
justizanstalt justizvollzugsanstalt kommune kriminalamt kriminalpolizei land landes landeskriminalamt landkreis
ministerium polizei sozialamt stadt stelle stiftung universitat verband verein zentrum
association centre commune conseil direction ecole fondation gendarmerie hopital jeunesse justice mairie ministere
municipale nationale penitentiaire police prefecture sante service societe sociale universite ville
ayuntamiento centro ciudad comune comunidad consejo consiglio direzione educacion escuela fondazione fundacion guardia
istituto ministerio ministero municipio nacional nazionale policia polizia prision regione salud sanita scuola
servicio
servizio sociale universidad universita
camara cidade direccao escola instituto justica prisionais saude servicos universidade
gemeente gevangenis gezondheid instelling jeugd justitie maatschappelijk ministerie openbaar onderwijs politie
reclassering school stad stichting universiteit vereniging zorg
anstalt fangelse kommun kommunen kommune kriminalvarden myndighet polis polisen politi politiet skola stiftelsen
universitet kriminalomsorgen
centrs cietums dienests izglitibas klinika ministrija parvalde policija probacijas skola slimnica socialais
universitate
valsts veselibas istaiga pasvaldiba padome
centras kalejimas ligonine ministerija mokykla policijos savivaldybe tarnyba universitetas valstybine
keskus kool linn ministeerium politsei riigi teenistus ulikool vald vangla koulu poliisi vankila yliopisto virasto
centrum centrala fundacja gmina komenda miasto miejska ministerstwo osrodek policja pomoc powiat probacja rada
spoleczny spolecznej stowarzyszenie szkola szpital uniwersytet urzad wiezienie wiezienna wojewodztwo zaklad
mesto nemocnice policie probacni skola spolek stredisko univerzita urad ustav vezenska vezeni veznice verejny
zdravotni
nadacia nemocnica obec policia sluzba spravy ustavny vazenskej verejna zbor zdruzenie
alapitvany bortonallomas egyesulet egyetem hivatal intezet iskola kormany korhaz kozpont minisziterium miniszterium
onkormanyzat orszagos rendorseg szolgalat varos varosi
centar drzavni grad kaznionica komisija mup ministarstvo policijska policijski sluzba uprava ustanova zatvor
asociatia centrul directia fundatia inspectoratul judetean ministerul penitenciar politia primaria scoala serviciul
spital universitatea
agentsiya agencia direktsia obshtina politsiya polis zatvor
"""
#: Words of every text that are also names, or parts of names, somewhere.
_EVERYDAY = """
a about after again all also am an and any are as at back be because been before being best between big black blue
both
brown but by can case come could day dear did do does done each early end even every example far fast few find fine
for
found from full get give go god gold good grace grant gray great green grey had hall hand hard has have he head her
here
high hill him his hope how i if ii iii in into is it its just keen king know lady lake lane last law lead less let
life
like little long look lord love low made main major make man many mark market may me mean mine month moon moor more
most
much must my nature near need never new next no none north not now of off old on once one only or other our out over
own
page park part past path pay place pond pope power price prime prince proud put rain read red rest rich right river
road rock rose round said same save say sea second see seen sense several she short since small smart snow so some son
south special spring start step still stone strong such summer sun sure take tell ten than that the their them then
there these they thing think this those three through time to today too top true two under until up us use very view
wait walk want war was water way we well went were west what when where which white who why will winter wise with wolf
wood word work world would year yes you young your
al and av bin bint da dal de dei del della den der des di do dos du e el en et ibn la las le les lo los och of op
oraz per pro sur te ten ter the til un und une v van ve von y z za ze zu zum zur
"""
#: Who one is in a few words that fit thousands, as in “Psychologist, Latvia”.
_PLACES = """
albania albanian austria austrian belgium belgian bosnia bulgaria bulgarian croatia croatian cyprus cypriot czech
czechia
denmark danish dutch england english estonia estonian finland finnish france french georgia germany german greece
greek
hungary hungarian iceland ireland irish italy italian kosovo latvia latvian lithuania lithuanian luxembourg macedonia
malta maltese moldova montenegro netherlands norway norwegian poland polish portugal portuguese republic romania
romanian serbia serbian slovakia slovak slovenia slovenian spain spanish sweden swedish switzerland swiss turkey
turkish
ukraine ukrainian united kingdom british britain eu
"""
#: Mailboxes that nobody is named after, and parts of addresses that stand in millions.
_ADDRESSES = """
admin box com contact eu edu email gmail gov gv hello hotmail info kontakt mail mil mx net noreply office org outlook
portal post reception registration secretariat site team uni web webmail www yahoo
"""

COMMON = frozenset(f"{_SECTOR} {_EVERYDAY} {_PLACES} {_ADDRESSES}".split())
_OF_SECTOR = frozenset(f"{_SECTOR} {_PLACES} {_ADDRESSES}".split())


def is_common(word: str) -> bool:
    """Whether a folded word, or its singular, is one that says nothing about who somebody is."""
    return _is_one_of(word, COMMON)


def is_of_sector(word: str) -> bool:
    """Whether it, or its singular, is a word of work, offices, countries and addresses: nobody is called so."""
    return _is_one_of(word, _OF_SECTOR)


def _is_one_of(word: str, words: frozenset[str]) -> bool:
    return word in words or (len(word) > 4 and (word[:-1] in words or word[:-2] in words) and word.endswith("s"))
