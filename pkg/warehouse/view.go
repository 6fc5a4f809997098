package warehouse

import (
	"slices"
	"strings"

	"github.com/clientele/clientele/pkg/contract"
)

// View is a view for people, over published tables.
type View struct {
	Name     string
	Meaning  string
	Question string // that it answers
	Example  string // the query that asks it; {d} stands for the dataset
	uses     []string
	sql      string // likewise
}

// heldOut are the customers who get nothing from any campaign.
const heldOut = "(SELECT DISTINCT customer FROM `{d}.arms_current` WHERE arm = '" + contract.ArmHoldOut + "')"

// Views are the views for people. A view is made once a publication has all tables that it uses.
var Views = []View{
	{
		Name:     "segment_history",
		Meaning:  "Every segment at every as-of date, with the change of its customers since the date before. One row per date and segment.",
		Question: "How did each segment grow?",
		Example:  "SELECT as_of, name, customers, change FROM `{d}.segment_history` ORDER BY name, as_of",
		uses:     []string{contract.Segments.Name},
		sql: "SELECT as_of, run, model_id, segment, name, customers, customers - LAG(customers) OVER (PARTITION BY segment ORDER BY as_of) AS `change`,\n" +
			"  share, revenue, revenue_share\nFROM `{d}.segments`",
	},
	{
		Name:     "movers_latest",
		Meaning:  "Who joined, left or changed segment at the latest as-of date, with the names of the segments. One row per customer.",
		Question: "Who left the segment of most revenue, and what are they worth?",
		Example:  "SELECT customer, kind, to_name, amount FROM `{d}.movers_latest` WHERE `from` = (SELECT segment FROM `{d}.segments_current` ORDER BY revenue DESC LIMIT 1) ORDER BY amount DESC",
		uses:     []string{contract.Movers.Name, contract.Segments.Name},
		sql: "SELECT m.as_of, m.run, m.model_id, m.customer, m.kind, m.cause, m.`from`, COALESCE(f.name, m.`from`) AS from_name, m.`to`, COALESCE(t.name, m.`to`) AS to_name, m.amount\n" +
			"FROM `{d}.movers_current` AS m\nLEFT JOIN `{d}.segments_current` AS f ON f.segment = m.`from`\nLEFT JOIN `{d}.segments_current` AS t ON t.segment = m.`to`",
	},
	{
		Name:     "segment_health",
		Meaning:  "The segments of the latest as-of date with who came and went, and what their customers are expected to spend in the next 90 days. One row per segment.",
		Question: "Which segments lose customers, and how much is expected of them?",
		Example:  "SELECT name, customers, came, went, expected_money FROM `{d}.segment_health` ORDER BY came - went",
		uses:     []string{contract.Segments.Name, contract.Movers.Name, contract.Assignments.Name, contract.Predictions.Name},
		sql: "SELECT s.as_of, s.run, s.model_id, s.segment, s.name, s.customers, s.share, s.revenue, s.revenue_share, s.mean_recency, s.mean_frequency,\n" +
			"  COALESCE(i.came, 0) AS came, COALESCE(o.went, 0) AS went, p.expected_money, p.mean_churn_risk\nFROM `{d}.segments_current` AS s\n" +
			"LEFT JOIN (SELECT `to` AS segment, COUNT(*) AS came FROM `{d}.movers_current` GROUP BY 1) AS i ON i.segment = s.segment\n" +
			"LEFT JOIN (SELECT `from` AS segment, COUNT(*) AS went FROM `{d}.movers_current` GROUP BY 1) AS o ON o.segment = s.segment\n" +
			"LEFT JOIN (SELECT a.segment, SUM(e.money) AS expected_money, AVG(e.churn_risk) AS mean_churn_risk FROM `{d}.assignments_current` AS a\n" +
			"  JOIN `{d}.predictions_current` AS e ON e.customer = a.customer GROUP BY 1) AS p ON p.segment = s.segment",
	},
	{
		Name:     "customer_360",
		Meaning:  "All that is known of a customer at the latest as-of date: segment, features, nature, forecast, and whether the customer is held out. One row per customer.",
		Question: "What do we know of customer 12347?",
		Example:  "SELECT segment_name, rfm_name, recency, frequency, monetary, nature, expected_money, churn_risk, held_out FROM `{d}.customer_360` WHERE customer = '12347'",
		uses:     []string{contract.Assignments.Name, contract.Customers.Name, contract.CustomerNatures.Name, contract.Predictions.Name, contract.Arms.Name},
		sql: "SELECT a.as_of, a.run, a.model_id, a.customer, a.segment, a.segment_name, a.previous, a.r, a.f, a.m, a.rfm_name, a.why,\n" +
			"  c.recency, c.frequency, c.monetary, c.average_invoice, c.units, c.products, c.tenure, c.gap_mean, c.return_value_rate, c.country,\n" +
			"  n.nature, p.orders AS expected_orders, p.money AS expected_money, p.p_buys, p.total_value, p.churn_risk, p.next_order, h.customer IS NOT NULL AS held_out\n" +
			"FROM `{d}.assignments_current` AS a\nJOIN `{d}.customers_current` AS c ON c.customer = a.customer\n" +
			"LEFT JOIN `{d}.customer_nature_current` AS n ON n.customer = a.customer\nLEFT JOIN `{d}.predictions_current` AS p ON p.customer = a.customer\n" +
			"LEFT JOIN " + heldOut + " AS h ON h.customer = a.customer",
	},
	{
		Name: "list_members",
		Meaning: "Who is on which list at the latest as-of date: everybody in a segment (list segment), and who entered or left one since the previous scores (entrants, leavers). " +
			"Customers who are held out are on none. One row per list, segment and customer.",
		Question: "Who entered the segment of most revenue, and may get a campaign?",
		Example:  "SELECT customer FROM `{d}.list_members` WHERE list = 'entrants' AND segment = (SELECT segment FROM `{d}.segments_current` ORDER BY revenue DESC LIMIT 1)",
		uses:     []string{contract.Assignments.Name, contract.Movers.Name, contract.Arms.Name},
		sql: "SELECT l.* FROM (\n" +
			"  SELECT as_of, run, model_id, 'segment' AS list, segment, customer FROM `{d}.assignments_current`\n" +
			"  UNION ALL SELECT as_of, run, model_id, 'entrants', `to`, customer FROM `{d}.movers_current` WHERE `to` IS NOT NULL\n" +
			"  UNION ALL SELECT as_of, run, model_id, 'leavers', `from`, customer FROM `{d}.movers_current` WHERE `from` IS NOT NULL) AS l\n" +
			"LEFT JOIN " + heldOut + " AS h ON h.customer = l.customer\nWHERE h.customer IS NULL",
	},
}

// views returns the statements that make the views of a publication's tables.
func views(dataset string, p Publication) []string {
	var all []string
	for _, v := range Views {
		there := func(table string) bool {
			return slices.ContainsFunc(p.Tables, func(s Source) bool { return s.Schema.Name == table })
		}
		if !slices.ContainsFunc(v.uses, func(table string) bool { return !there(table) }) {
			all = append(all, "CREATE OR REPLACE VIEW `"+dataset+"."+v.Name+"` OPTIONS(description="+quoted(v.Meaning+" It answers: "+v.Question)+") AS\n"+in(dataset, v.sql))
		}
	}
	return all
}

// in puts the name of the dataset into a query.
func in(dataset, sql string) string { return strings.ReplaceAll(sql, "{d}", dataset) }
