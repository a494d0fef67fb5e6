"""Given names and the short or familiar forms that people use in their place: English, French, German, Spanish, Italian, Dutch."""

from collections import defaultdict

GROUPS = """
abraham abe bram; adelaide addie; adrian adrien adriano; agnes aggie nancy; albert al bert bertie; alberta bertie; alexander alex alec sandy
sasha alexandre alessandro alejandro xander; alexandra alex sandra sandy sasha alexandrine; alexis alex; alfred alf alfie fred freddie;
alice ali; alison ali; amanda mandy; amelia amy millie; andrew andy drew andre andreas andrea andres; angela angie angelique; ann anna anne
annie nan nancy anita; anthony tony antoine anton antonio toine; archibald archie; arthur art artie; augustus gus august auguste; barbara
barb babs barbie; bartholomew bart; beatrice bea trixie beatrix; benedict ben benoit; benjamin ben benny benji; bernard bernie bernhard;
bertha bertie; bertrand bert; bridget biddy bridie; bruno; caroline carol carrie caro; cassandra cass cassie; catherine cathy kate katie
kitty cath katherine kathryn kathleen karin catarina caterina kat cat trina; cecilia cissie cecile celia; charles charlie chas chuck karl
carl carlos carlo charly; charlotte lottie charlie lotte chacha; christian chris; christina chris tina christine christelle kristina;
christopher chris kit christophe topher; clara clare claire; claude; clement clem; constance connie; cornelius neil cornelis kees; cynthia
cindy; daniel dan danny dani; daniele dani; david dave davy; deborah deb debbie debra; dennis denis den denny; dominic dom nick dominique
dominik; donald don donnie; dorothy dot dolly dora dottie dorothee; douglas doug; edgar ed eddie; edith edie; edmund ed eddie ned ted
edmond; edward ed eddie ned ted teddy edouard eduard eduardo edoardo; edwin ed eddie ned; eleanor ellie nell nellie nora lenora leonora
eleonore elinor; elizabeth liz lizzie beth betty bess bessie betsy eliza elsie lisa libby elise elisabeth lilibeth babette isabel isabelle;
ellen nell nellie helen helene; emanuel manny emmanuel manu manuel manolo; emily em emmy milly emilie emilia; emma em emmy; ernest ernie
ernesto ernst; ethel; eugene gene eugenio; eva eve evie; evelyn eve evie; fabrice fab; ferdinand ferdy fernand fernando; florence flo flora
florrie flossie; frances fran fanny frankie francoise francesca; francis frank fran francois franz francesco francisco franck paco pancho;
franklin frank; frederick fred freddie freddy frederic friedrich federico fritz; frederica freda frederique; gabriel gabe gaby; gabrielle
gaby gaby; geoffrey geoff jeff jeffrey geoffroy; george georgie geordie georges georg jorge giorgio jurgen; georgina georgie gina georgette;
gerald gerry jerry gerhard; gerard gerry; gertrude gertie trudy; gilbert gil bert; giovanni gianni nino; grace gracie; gregory greg
gregoire; guillaume guy; gwendolen gwen; hannah anna annie hanna; harold harry hal; harriet hattie harriette; henrietta etta hetty
henriette; henry harry hal hank henri heinrich enrique enrico hendrik henk heinz; herbert bert herb bertie; hubert hugh bert hugo; hugh hugo
hughie hugues; humphrey; ignatius iggy ignacio nacho; irene rena; isaac ike; isabella bella isabel belle izzy isabelle; jacob jake jack
jacques jakob; jacqueline jackie; jakob; james jim jimmy jamie jem jacques jaime diego santiago giacomo; jane janie jenny janet jeanne;
janet jan jenny; jasper; jean jeannot hans johan john; jeanne jeannette jane janine; jennifer jen jenny; jeremiah jerry jeremy jeremie;
jerome jerry; jessica jess jessie; joachim achim; joan joanie jeanne; joanna jo joanne johanna; john jack johnny jon johann hans ian jan
ivan juan giovanni sean jock; jonathan jon jonny; joseph joe joey jo josef jose pepe giuseppe beppe jos; josephine jo josie fifi; joshua
josh; judith judy judie; julia julie jules; julian jules julien jule; justin; karen; katharina kathi; kenneth ken kenny; kimberly kim;
lambert bert; laurence larry laurie lawrence laurent lorenzo lars; laura laurie laure; leonard len leo lenny leon leonardo; leopold leo;
lewis lou louis ludwig luis luigi luc; lillian lily lil lilian; louisa lou louise lulu; lucy lucie lucia lucille; luke luc lucas lukas luca;
madeleine maddy magdalena lena; magali; marcel; margaret maggie meg peggy madge marge margie greta rita daisy marguerite margot margarita
gretchen; maria mary marie mia mimi; marion; mark marc marcus markus marco; martha mattie patty marthe; martin marty; martina tina martine;
mary molly polly mamie may marie maria minnie; mathilda matilda tilly maud mathilde; matthew matt matthias mathieu matthieu matteo mateo
mats; maurice morris mo moritz mauricio; maximilian max maxime maxence; melissa mel; melanie mel; michael mike mick micky mikey michel
miguel michele mikael misha; michelle shelly michele; mildred millie; miriam mimi; nathaniel nat nathan nathanael; nathan nate; nicholas
nick nicky nicolas nikolaus klaus nico niklas niels colin; nicole nicky nicola; norman norm; olive ollie olivia; oliver ollie olivier noll;
oscar; otto; pamela pam; pascal; patricia pat patty tricia trish patsy; patrick pat paddy; paul pablo paolo pavel pol; paula pauline
paulette; penelope penny; percival percy; peter pete pierre pietro pedro piotr pit petrus piet pieter pierrot; philip phil pip philippe
felipe filippo; phyllis phyl; priscilla cilla; rachel rach rae; raymond ray raimund raymund ramon; rebecca becky becca; reginald reg reggie;
rene; richard dick rich rick ricky richie ricardo riccardo; robert bob bobby rob robbie bert roberto robin rupert; roberta bobbie; rodney
rod; roger rog rodger rudiger; roland rolly rolf; ronald ron ronnie; rosalind rosie ros; rose rosie rosa; rosemary rosie; rudolph rudy rolf
rodolphe; russell russ; ruth ruthie; samantha sam; samuel sam sammy; sandra sandy; sarah sally sadie sal sara; sebastian seb bastian
sebastien bastien; sidney sid sydney; silvester; simon si simeon; simone; sophia sophie sofia; stanley stan; stephanie steph stefanie;
stephen steve stevie steven stefan stephane etienne esteban stefano; susan sue susie suzy susanna suzanne susanne; sylvia sylvie silvia;
terence terry; theodore ted teddy theo; theresa terry tess tessa teresa therese; thomas tom tommy thom tomas tommaso; timothy tim timmy
timothee; ursula; valentine val valentin; valerie val; veronica ronnie vera veronique; victor vic vittorio viktor; victoria vicky vic tori
victoire; vincent vince vinny vincenzo vicente; viola; violet vi violette; virginia ginny virginie; vivian viv vivienne; walter walt wally
wat gauthier; wilfred wilf fred; wilhelmina mina minnie willa; william bill billy will willie willy liam wilhelm guillaume guillermo
guglielmo willem wim; winifred winnie freda; yvonne yvette; zachary zach zack zacharie
"""


def _groups() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for at, group in enumerate(GROUPS.split(";")):
        for name in group.split():
            found[name].add(at)
    return {name: frozenset(groups) for name, groups in found.items()}


_GROUPS_OF = _groups()
_NONE: frozenset[int] = frozenset()


def familiar(one: str, other: str) -> bool:
    """Whether one of two folded given names may stand in the place of the other."""
    return not _GROUPS_OF.get(one, _NONE).isdisjoint(_GROUPS_OF.get(other, _NONE))
