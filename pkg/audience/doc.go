// Package audience puts customers on lists: whom to call, to remind, to offer what. A customer is on at most one.
//
//	book, err := audience.New(sales.Strings("customer"), sales.Strings("invoice"), sales.Strings("code"), sales.Ints("time"), sales.Ints("amount"))
//	people := book.Known(asOf)                      // what was known of every customer before that day
//	rules, err := audience.Parse(audience.Default)  // lists in order, with their limits
//	on := audience.Assign(rules, shop, held)        // the list of every customer
//	then := audience.Follow(rules[0], past, after)  // what came of whom the rule took before
//
// Segments are numbers here: which they are is the caller's business.
package audience
