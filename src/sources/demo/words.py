"""Word lists of the demo company: invented names, real towns, generic streets.

No real person or company is meant. Towns and postcodes are public facts; bodies and places ("Val d'Orbane") are invented.
"""

from typing import Final


def _split(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


WOMEN: Final = _split(
    "Adèle, Agathe, Aurélie, Bérénice, Camille, Céline, Chloé, Clémence, Coralie, Delphine, Élise, Éloïse, Émeline, Estelle,"
    "Fanny, Flavie, Garance, Hélène, Inès, Jeanne, Judith, Léonie, Lise, Lucile, Maëlle, Manon, Marianne, Mathilde, Mélanie,"
    "Noémie, Ophélie, Pauline, Raphaëlle, Romane, Sabine, Salomé, Solène, Sylvie, Valentine, Yasmine, Zoé, Anne-Sophie"
)
MEN: Final = _split(
    "Adrien, Alban, Amaury, Anatole, Antonin, Armand, Bastien, Basile, Cédric, Clément, Corentin, Damien, Élie, Étienne,"
    "Fabrice, Félix, Florian, Gaël, Gaspard, Grégoire, Hervé, Hugo, Jérémie, Joël, Karim, Léo, Loïc, Mathis, Maxence, Mehdi,"
    "Nathan, Noé, Octave, Pascal, Quentin, Rémi, Robin, Sacha, Simon, Thibaud, Tristan, Valentin, Xavier, Yann, Jean-Loup"
)
SURNAMES: Final = _split(
    "Marchelot, Vasselin, Brindel, Tournaire, Castagnol, Peyrelade, Guillebon, Lorinet, Bessaguet, Fontanille, Darvoy,"
    "Chastenet, Moulinard, Verdelhan, Rouvrais, Sauvaget, Quémerin, Le Garrel, Kervadec, Plouzennec, Etcheberri, Haritzague,"
    "Schoenleber, Wintzer, Muhlbach, Delbecque, Vandamme-Roy, Lefebvrière, Boissenot, Charpenay, Grandvallet, Montagnier,"
    "Pélisson, Rastoul, Sérignac, Tabarly-Roux, Urvoas, Valadou, Ybert, Zanettin, Amsellem, Benkacem, Cissokho, Diabaté,"
    "El Mansour, Ferreirinha, Gonçalvès, Haddouche, Ivanesco, Kowalczek, Lombardini, Nguyen-Bao, Ouedrago, Pereirinha"
)
ONSETS: Final = _split(
    "Bar, Ber, Bou, Cal, Cha, Cor, Dal, Der, Dou, Fal, Fer, Flo, Gar, Ger, Gri, Hau, Jar, Lan, Les, Lor, Mal, Mer, Mon, Nar,"
    "Nor, Pal, Per, Plan, Ral, Ren, Rou, Sal, Ser, Sou, Tal, Ter, Tri, Val, Ver, Vil"
)
MIDDLES: Final = _split("be, bi, ca, che, da, de, di, ga, gne, go, la, le, li, ma, mi, na, ni, que, ro, sa, se, ta, te, ti, va, vi")
ENDINGS: Final = _split("rd, nnet, lot, rel, rin, ssier, tier, lier, nel, rec, don, ret, zet, llon, get, rois, mont, gnac, rade, vert")

BRAND_HEADS: Final = _split(
    "Alvé, Arvo, Bria, Cérou, Cyrla, Drévo, Dovi, Élan, Érin, Galdé, Hélia, Ivra, Jalo, Kéro, Lumé, Mavi, Néra, Obli, Orba,"
    "Péria, Rivo, Salvé, Talmo, Tessa, Vaulné, Yvra, Ulvi, Velt, Vori, Xéna, Ylor, Zéph"
)
BRAND_TAILS: Final = _split(
    "bois, cade, cia, dine, dora, fibre, gène, lia, lis, logie, lune, magis, mat, métal, nautique, nova, phane, plast, ris, sol,"
    "tech, tis, trame, vance, via, xor, zia, zone"
)
TRADES: Final = _split(
    "Charpente, Menuiserie, Serrurerie, Chaudronnerie, Plasturgie, Mécanique, Usinage, Électricité, Plomberie, Climatisation,"
    "Isolation, Couverture, Peinture, Carrelage, Terrassement, Travaux Publics, Logistique, Transports, Messagerie, Emballage,"
    "Cartonnage, Imprimerie, Signalétique, Optique, Instrumentation, Robinetterie, Hydraulique, Fonderie, Tôlerie, Laiterie,"
    "Conserverie, Boulangerie, Viandes, Semences, Pépinières, Espaces Verts, Nettoyage, Sécurité, Formation, Expertise, Nautisme,"
    "Textile, Maroquinerie, Ameublement, Verrerie, Céramique, Parfums, Cosmétiques, Thermalisme, Hôtellerie"
)
REGIONS: Final = _split(
    "du Bocage, du Littoral, de la Plaine, des Deux Vallées, du Val d'Orbane, du Pays de Sérigne, de la Brelle, du Haut Tournac,"
    "des Trois Rivières, du Plateau, du Marais, de la Côte, du Sud-Ouest, du Grand Est, de l'Ouest, du Centre"
)
PLACES: Final = _split(
    "Val d'Orbane, Pays de Sérigne, Vallée de la Brelle, Haut Tournac, Marais de Loubrac, Coteaux de Vernelle, Rives de l'Aurette,"
    "Monts de Brossac, Plaine de Cardoire, Bocage de Noirel, Forêt de Sauvemont, Côte d'Aspre, Gorges de la Valoine, Pays de Rocheval"
)
SAINTS: Final = _split("Saint-Elven, Saint-Brice, Sainte-Aurée, Saint-Orens, Sainte-Ludine, Saint-Cyran, Saint-Florin")
PUBLIC_BODIES: Final = (
    "Commune de {saint}-sur-{river}",
    "Communauté de communes {place}",
    "Syndicat mixte des eaux {place}",
    "Lycée professionnel {surname}",
    "Centre hospitalier {place}",
    "Office public de l'habitat {place}",
    "Service d'incendie {place}",
)
RIVERS: Final = _split("Brelle, Aurette, Valoine, Cardoire, Orbane, Loubre, Vernelle")
ASSOCIATIONS: Final = (
    "Association {place} Insertion",
    "Les Amis du {place}",
    "Foyer rural de {saint}",
    "Club nautique {place}",
    "Union sportive de {saint}",
    "Maison de retraite {saint}",
)
SCI_WORDS: Final = _split(
    "des Glycines, du Moulin, des Quatre Vents, la Grange, du Vieux Puits, des Acacias, les Pierres Blanches, du Belvédère,"
    "la Clairière, des Remparts, du Petit Port, les Hirondelles, de la Halle, du Colombier"
)
STREET_KINDS: Final = _split(
    "rue, rue, rue, rue, avenue, avenue, boulevard, chemin, route, impasse, place, allée, quai, zone artisanale,"
    "zone industrielle, parc d'activités"
)
STREET_NAMES: Final = _split(
    "des Tilleuls, du Lavoir, de la Fontaine, des Artisans, du Stade, de la Gare, des Écoles, du Moulin, des Saules, des Vignes,"
    "de l'Église, du Marché, des Lilas, de la Liberté, du Château, des Chênes, de la Forge, du Canal, des Prés, de la Croix Blanche,"
    "de l'Industrie, du Commerce, de l'Europe, des Jardins, du Pont Neuf, de la Plaine, des Peupliers, du Four à Chaux,"
    "des Grands Champs, de Bretagne, d'Alsace, de Provence, de Saint-Elven, du Port, des Tanneurs, de la Filature, des Carrières"
)
TOWNS: Final = tuple(
    (name.strip(), code)
    for code, name in (
        pair.strip().split(" ", 1)
        for pair in (
            "01000 Bourg-en-Bresse, 02100 Saint-Quentin, 03100 Montluçon, 05000 Gap, 07200 Aubenas, 08000 Charleville-Mézières,"
            "10000 Troyes, 11000 Carcassonne, 12000 Rodez, 13200 Arles, 14000 Caen, 15000 Aurillac, 16000 Angoulême, 17000 La Rochelle,"
            "18000 Bourges, 19100 Brive-la-Gaillarde, 21000 Dijon, 22000 Saint-Brieuc, 24000 Périgueux, 25000 Besançon, 26000 Valence,"
            "27000 Évreux, 28000 Chartres, 29000 Quimper, 30100 Alès, 31000 Toulouse, 32000 Auch, 33000 Bordeaux, 34200 Sète,"
            "35400 Saint-Malo, 36000 Châteauroux, 37000 Tours, 38000 Grenoble, 39000 Lons-le-Saunier, 40100 Dax, 41000 Blois,"
            "42000 Saint-Étienne, 43000 Le Puy-en-Velay, 44600 Saint-Nazaire, 45000 Orléans, 46000 Cahors, 47000 Agen, 49300 Cholet,"
            "50100 Cherbourg-en-Cotentin, 51100 Reims, 52100 Saint-Dizier, 53000 Laval, 54000 Nancy, 56100 Lorient, 57000 Metz,"
            "58000 Nevers, 59000 Lille, 60000 Beauvais, 61000 Alençon, 62000 Arras, 63000 Clermont-Ferrand, 64100 Bayonne, 65000 Tarbes,"
            "66000 Perpignan, 67000 Strasbourg, 68100 Mulhouse, 69003 Lyon, 70000 Vesoul, 71100 Chalon-sur-Saône, 72000 Le Mans,"
            "73000 Chambéry, 74000 Annecy, 76600 Le Havre, 77100 Meaux, 79000 Niort, 80000 Amiens, 81000 Albi, 82000 Montauban,"
            "83300 Draguignan, 84000 Avignon, 85000 La Roche-sur-Yon, 86000 Poitiers, 87000 Limoges, 88000 Épinal, 89000 Auxerre,"
            "90000 Belfort, 92100 Boulogne-Billancourt, 94000 Créteil"
        ).split(",")
    )
)
FOREIGN: Final = {
    "DE": ("Allemagne", "GmbH", (("Freiburg", "79098"), ("Stuttgart", "70173"), ("Kehl", "77694")), "Hafenstraße"),
    "BE": ("Belgique", "SRL", (("Namur", "5000"), ("Mons", "7000"), ("Gent", "9000")), "rue du Canal"),
    "IT": ("Italie", "S.r.l.", (("Torino", "10121"), ("Cuneo", "12100"), ("Genova", "16121")), "via dei Mille"),
    "NL": ("Pays-Bas", "B.V.", (("Breda", "4811"), ("Utrecht", "3511")), "Havenweg"),
    "LU": ("Luxembourg", "S.à r.l.", (("Luxembourg", "1111"), ("Differdange", "4501")), "rue des Champs"),
}
FOREIGN_TRADES: Final = _split("Maschinenbau, Elektronik, Logistics, Components, Systems, Engineering, Impianti, Meccanica")

TITLES: Final = (
    ("Directeur général", "Directrice générale"),
    ("Gérant", "Gérante"),
    ("Responsable achats", "Responsable achats"),
    ("Directeur administratif et financier", "Directrice administrative et financière"),
    ("Comptable fournisseurs", "Comptable fournisseurs"),
    ("Directeur technique", "Directrice technique"),
    ("Responsable informatique", "Responsable informatique"),
    ("Responsable de production", "Responsable de production"),
    ("Chef de projet", "Cheffe de projet"),
)
MAILBOXES: Final = ("contact", "accueil", "info", "secretariat", "comptabilite")
ACCOUNTANTS: Final = (
    "cabinet-vasselin.example",
    "cabinet-rouvrais.example",
    "expertise-darvoy.example",
    "compta-peyrelade.example",
)
FREE_MAIL: Final = ("webmel.example", "courriel-libre.example", "boite-postale.example")
SUPPLIERS: Final = {
    "MATERIEL": ("Négoce Réseaux Ouest", "Comptoir Automatismes", "Distri Info Bocage", "Électro Plaine"),
    "LICENCE": ("Nuage Armor", "Logiciels Valoine", "Hébergeur du Plateau"),
    "SOUS-TRAITANCE": ("Bureau Brindel Études", "Atelier Castagnol Câblage", "Indépendants Associés"),
    "DEPLACEMENT": ("Voyages Cardoire", "Station Relais Nord"),
}
