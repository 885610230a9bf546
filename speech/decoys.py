"""English words that stand for everything a caller may say that is on no menu.

The PocketSphinx grammar lets any sequence of them compete with the phrases of a wait, so that other speech ends up as
decoys and is rejected instead of being forced into the nearest phrase. They are common, short and long, and together
hold every English sound at the beginning, middle and end of a word. Words of a wait's own phrases are left out of it.
"""

DECOYS: tuple[str, ...] = tuple(
    """
    about above across after again against air all almost along always among animal answer any apple area arm around
    ask away baby back ball bank bath beach bear beautiful because become bed before behind believe between big bird
    black blue boat body book both bottle box boy bread bridge bring brother building but cake call camera can car carry
    castle catch chair change cheap child choose church city class clock coffee cold color cook country cousin dance
    daughter day deep dinner doctor dog door down dream drink drive early east easy egg enough evening every eye face
    family far farm father feel few field fish flower fly food foot forest friend fruit game garden girl give glass go
    gold good grass green group guitar hair hand happy have hear heart heavy hill history horse hospital house how
    husband idea island job judge jump keep kitchen knife lake language large laugh leather leave letter library little
    long love lunch machine many measure meat mother mountain mouth music name never night noise often orange other
    outside paper people picture place play pleasure pretty question quick rain read river road sea she shoe sing sister
    sleep small snow some song story street sugar summer table teacher think though thousand through time together town
    treasure tree under usual village voice walk want water weather what window winter with woman wood work world yellow
    young
    """.split()  # noqa: SIM905 - one word a line would be a page of quotes
)
