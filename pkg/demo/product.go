package demo

import "strconv"

// product is one article of the catalogue.
type product struct {
	code        string
	variant     string // the code as some tills write it: with a small letter
	description string
	pence       int // price of one
	later       int // price from the day of the price change on
	pack        int // sold in multiples of it
}

// pairs is how many pairs of products are bought together: 2i and 2i+1 for i < pairs, near the head of the catalogue,
// where popular products are.
const (
	pairs      = 20
	pairChance = 600 // per mille of the baskets with the first in which the second lies too
)

// Every changeEvery-th product costs a fifth more from the middle of the shop's time on.
const changeEvery = 50

var (
	looks  = []string{"RED RETROSPOT", "VINTAGE", "PINK POLKADOT", "BLUE HARMONICA", "IVORY", "WOODLAND", "ROSE GARDEN", "SILVER", "RUSTIC", "PAISLEY", "GINGHAM", "NORDIC", "BOTANICAL", "FRENCH BLUE", "CHALKBOARD", "ANTIQUE", "SWALLOW", "HONEYCOMB", "STRAWBERRY", "MIDNIGHT"}
	stuffs = []string{"GLASS", "WOODEN", "TIN", "FELT", "CERAMIC", "WICKER", "PAPER", "COTTON", "ENAMEL", "WIRE"}
	things = []string{"TEA TOWEL", "CAKE STAND", "LANTERN", "JUMBO BAG", "LUNCH BOX", "MUG", "CAFÉ AU LAIT BOWL", "PHOTO FRAME", "T-LIGHT HOLDER", "COAT HOOK", "BUNTING", "DOORMAT", "CLOCK", "PLATE, SMALL", "TRINKET BOX", "HEART DECORATION", "RULER 12\"", "JAM JAR", "NOTEBOOK", "CUSHION"}
	// prices are what gifts cost, in pence; cheap ones more often.
	prices   = []int{29, 39, 42, 55, 65, 85, 95, 125, 145, 165, 195, 225, 255, 295, 375, 425, 495, 595, 795, 995, 1275, 1495, 1995, 2495}
	packings = []int{1, 1, 1, 2, 3, 4, 6, 6, 12}
)

// newProducts returns a catalogue of n products.
func newProducts(seed uint64, n int) []product {
	products := make([]product, n)
	for i := range products {
		d := open(seed, tagProduct, uint64(i), 0)
		p := &products[i]
		p.code = strconv.Itoa(20_700 + 7*(i/2))
		if i%2 == 1 { // two neighbours share a number and differ by the letter
			p.code += "B"
			p.variant = p.code[:len(p.code)-1] + "b"
		}
		// i names the description: all combinations come before one comes twice.
		k := i * 1237 % (len(looks) * len(stuffs) * len(things))
		p.description = looks[k%len(looks)] + " " + stuffs[k/len(looks)%len(stuffs)] + " " + things[k/(len(looks)*len(stuffs))]
		p.pence = prices[d.skewed(len(prices))]
		p.later = p.pence
		if i%changeEvery == 7 {
			p.later = p.pence * 6 / 5
		}
		p.pack = packings[d.below(len(packings))]
		if p.pence >= 795 {
			p.pack = 1
		}
	}
	return products
}

// Whoever takes breakPacks packs or more pays breakPercent less.
const (
	breakPacks   = 10
	breakPercent = 10
)

// price returns what one of quantity costs on the day.
func (s *Shop) price(p *product, day, quantity int) int {
	pence := p.pence
	if day >= s.changeDay() {
		pence = p.later
	}
	if quantity >= breakPacks*p.pack {
		pence -= pence * breakPercent / 100
	}
	return pence
}

// changeDay is the day from which on the later prices hold.
func (s *Shop) changeDay() int { return s.Days / 2 }
