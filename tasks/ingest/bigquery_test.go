package ingest

import (
	"strings"
	"testing"

	"github.com/clientele/clientele/pkg/warehouse/warehousetest"
)

// TestRunFromBigQuery: a table, days of it, and a query; what has not changed is not read again, and a table without the columns of a
// delivery is refused by name.
func TestRunFromBigQuery(t *testing.T) {
	dataset := warehousetest.Start(t)
	project, _, _ := strings.Cut(dataset, ".")
	warehousetest.Query(t, "CREATE TABLE `"+dataset+".lines` AS "+
		"SELECT '1' AS InvoiceNo, 'a' AS StockCode, 'mug' AS Description, 3 AS Quantity, TIMESTAMP '2011-12-01 23:30:00+00' AS InvoiceDate, NUMERIC '2.555555' AS UnitPrice, 7 AS CustomerID, 'UK' AS Country "+
		"UNION ALL SELECT '2', 'b', NULL, 1, TIMESTAMP '2011-12-05 09:00:00+00', NUMERIC '1', NULL, 'UK'")
	s := newShop(t)
	table := s.config("bq://" + dataset + ".lines")
	r := s.must(table)
	// In London it is 23:30 of the first; 3 × 2.555555 = 7.666665, to the ten-thousandth 7.6667.
	if r.RowsAccepted != 2 || r.AcceptedNet != 86_667 || r.First.String() != "2011-12-01" || r.Last.String() != "2011-12-05" {
		t.Errorf("%+v", r)
	}
	again := s.must(s.config("bq://"+dataset+".lines", runID("again")))
	if again.New || again.Delivery != r.Delivery || !strings.Contains(s.log.String(), "nothing was fetched") {
		t.Errorf("again: %+v\n%s", again, s.log.String())
	}
	berlin := newShop(t) // where 23:30 UTC is half past midnight
	if r := berlin.must(berlin.config("bq://"+dataset+".lines", func(c *Config) { c.Zone, c.From, c.To = "Europe/Berlin", "2011-12-02", "2011-12-02" })); r.RowsAccepted != 1 || r.First.String() != "2011-12-02" {
		t.Errorf("2 December in Berlin: %+v", r)
	}
	sql := s.file("lines.sql", "SELECT InvoiceNo AS bill, StockCode AS SKU, Quantity, InvoiceDate, UnitPrice, CustomerID FROM `"+dataset+".lines` WHERE DATE(InvoiceDate) BETWEEN @from AND @to")
	asked := newShop(t)
	if r := asked.must(asked.config("bq://"+project, func(c *Config) {
		c.Query, c.From, c.To, c.Columns = sql, "2011-12-05", "2011-12-06", "invoice=bill,code=SKU"
	})); r.RowsAccepted != 1 || r.AcceptedNet != 10_000 {
		t.Errorf("query: %+v", r)
	}
	s.fails(s.config("bq://"+project, runID("q"), func(c *Config) { c.Query, c.From, c.To = sql, "2011-12-05", "2011-12-06" }), 65, "columns", "no column for invoice", "--columns")
	s.fails(s.config("bq://"+dataset+".none", runID("none")), 78, "no_dataset", "none")
}
