package record_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clientele/clientele/pkg/delivery/record"
	"github.com/clientele/clientele/pkg/delivery/record/recordtest"
)

// exports are the known exports as their vendors write them: the header as the preset's source has it, some records, and what they
// are read as. Names, addresses and amounts are invented.
var exports = map[string]struct {
	header, records string
	opts            record.Options
	layout          string
	want            []string // invoice code description quantity time price amount customer country status
	rules           []string
}{
	"shopify": {
		header: "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,Refunded Amount,Vendor,Id,Tags,Risk Level,Source,Lineitem discount",
		records: "#1001,Ada@Shop.example,paid,,,,,,,,,,,,,2023-01-02 13:33:00 +0100,2,Fern print,16.00,,FERN-1,,,,,,,,,,,,,,,,,,,,,,GB,,,,,,,,,,,,,0.00\n" +
			"#1001,Ada@Shop.example,,,,,,,,,,,,,,,1,Tote bag,20.00,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,5.00\n" +
			"#1002,,refunded,,,,,,,,,,,,,2023-07-02 13:33:00 +0100,1,Mug,25.00,,MUG-1,,,,,,,,,,,,,,,,,,,,,,US,,,,2023-07-03 10:00:00 +0100,,,,,,,,,0.00\n" +
			"#1002,,,,,,,,,,,,,,,,3,Mug,25.00,,MUG-1,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,0.00\n",
		layout: "2006-01-02 15:04:05 -0700",
		want: []string{
			"#1001 FERN-1 Fern print 2 2023-01-02T12:33:00 16.00 0.0000 ada@shop.example GB paid",
			"#1001 Tote bag Tote bag 1 2023-01-02T12:33:00 15.00 15.0000 ada@shop.example GB paid",
			"#1002 MUG-1 Mug 1 2023-07-02T12:33:00 25.00 0.0000  US cancelled",
			"#1002 MUG-1 Mug 3 2023-07-02T12:33:00 25.00 0.0000  US cancelled",
		},
	},
	"squarespace": {
		header: `"Order ID","Email","Financial Status","Paid at","Fulfillment Status","Fulfilled at","Currency","Subtotal","Shipping","Taxes","Amount Refunded","Total","Discount Code","Discount Amount","Shipping Method","Created at","Lineitem quantity","Lineitem name","Lineitem price","Lineitem sku","Lineitem variant","Lineitem requires shipping","Lineitem taxable","Lineitem fulfillment status","Billing Name","Billing Address1","Billing Address2","Billing City","Billing Zip","Billing Province","Billing Country","Billing Phone","Shipping Name","Shipping Address1","Shipping Address2","Shipping City","Shipping Zip","Shipping Province","Shipping Country","Shipping Phone","Cancelled at","Private Notes","Channel Type","Channel Name","Channel Order Number","Payment Method","Payment Reference"`,
		records: `"00012","Ada@Shop.example","PAID",,,,"USD",,,,"0.00",,,"0.00",,"2023-01-02 13:33:00 +0100","2","Mug","16.00","MUG-1",,,,,,,,,,,,,,,,,,,"United Kingdom",,,,"ONLINE","Squarespace"` + "\n" +
			`"00012",,,,,,,,,,,,,,,,"1","Bag","20.00"` + "\n" +
			`"00013","bo@shop.example","REFUNDED",,,,"USD",,,,"16.00",,,"0.00",,"2023-07-02 13:33:00 +0100","1","Mug","16.00","MUG-1",,,,,,,,,,,,,,,,,,,"United Kingdom",,,,"ONLINE","Squarespace"` + "\n",
		opts:   record.Options{Currency: "USD"},
		layout: "2006-01-02 15:04:05 -0700",
		want: []string{
			"00012 MUG-1 Mug 2 2023-01-02T12:33:00 16.00 0.0000 ada@shop.example United Kingdom PAID",
			"00012 Bag Bag 1 2023-01-02T12:33:00 20.00 0.0000 ada@shop.example United Kingdom PAID",
			"00013 MUG-1 Mug 1 2023-07-02T12:33:00 16.00 0.0000 bo@shop.example United Kingdom REFUNDED",
		},
	},
	"woocommerce-analytics": {
		header:  `Date,"Order #","N. Revenue (formatted)",Status,Customer,"Customer type",Product(s),"Items sold",Coupon(s),"Net Sales",Attribution`,
		records: `"2023-01-02 13:33:00",500,"£1,032.50",completed,"Ada Example",new,"2× Mug",2,,1032.5,Direct` + "\n",
		layout:  "2006-01-02 15:04:05",
		want:    []string{"500   1 2023-01-02T13:33:00 1032.50 1032.5000 Ada Example  completed"},
	},
	"woocommerce": {
		header:  `"Order Number","Order Status","Order Date","Customer Note","First Name (Billing)","Last Name (Billing)","Country Code (Billing)","Email (Billing)","Phone (Billing)","Order Total Amount",SKU,"Item #","Item Name","Quantity (- Refund)","Item Cost","Coupon Code","Discount Amount"`,
		records: "500,Completed,2023-01-02 13:33,,Ada,Example,GB,ADA@shop.example,,32.00,MUG-1,1,Mug,2,16,,\n",
		layout:  "2006-01-02 15:04",
		want:    []string{"500 MUG-1 Mug 2 2023-01-02T13:33:00 16.00 0.0000 ada@shop.example GB Completed"},
	},
	"woocommerce-items": {
		header:  "order_id,order_number,date,status,shipping_total,order_total,customer_id,billing_first_name,billing_email,billing_country,item_name,item_sku,item_quantity,item_subtotal,item_total,item_refunded,item_meta",
		records: "7,500,2023-01-02 13:33:00,refunded,0,32.00,3,Ada,ada@shop.example,GB,Mug,MUG-1,3,32.00,32.00,8,\n",
		layout:  "2006-01-02 15:04:05",
		want:    []string{"500 MUG-1 Mug 3 2023-01-02T13:33:00 8.00 24.0000 ada@shop.example GB refunded"},
	},
	"square": {
		header: "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,Customer Name,Customer Reference ID,Unit,Count,GTIN,Itemization Type,Commission,Employee,Fulfillment Note,Channel,Token,Card Brand,PAN Suffix",
		records: `2023-01-02,13:33:00,Eastern Time (US & Canada),Nails,Gel,1.0,Regular,,,"$1,045.00",$0.00,"$1,045.00",$0.00,T1,P1,,,,Payment,Main,,C1,Ada,,,1,,,,,,,,,` + "\n" +
			`2023-01-03,09:00:00,Eastern Time (US & Canada),Nails,Gel,-1.0,Regular,,,($45.00),$0.00,($45.00),$0.00,T2,P2,,,,Refund,Main,,C1,Ada,,,1,,,,,,,,,` + "\n",
		opts:   record.Options{Dialect: record.Dialect{Group: ','}, Currency: "USD"},
		layout: "2006-01-02 15:04:05",
		want: []string{
			"T1 Gel Gel 1 2023-01-02T13:33:00 1045.00 1045.0000 C1  Payment",
			"T2 Gel Gel -1 2023-01-03T09:00:00 45.00 -45.0000 C1  Refund",
		},
	},
	"amazon": {
		header:  "order-id\torder-item-id\tpurchase-date\tpayments-date\tbuyer-email\tbuyer-name\tbuyer-phone-number\tsku\tproduct-name\tquantity-purchased\tcurrency\titem-price\titem-tax\tshipping-price\tshipping-tax\tship-service-level\trecipient-name\tship-address-1\tship-address-2\tship-address-3\tship-city\tship-state\tship-postal-code\tship-country\tship-phone-number\tdelivery-start-date\tdelivery-end-date\tdelivery-time-zone\tdelivery-Instructions",
		records: "123-1\t11\t2023-01-02T13:33:00-08:00\t\tab12@marketplace.example\tAda\t\tMUG-1\tMug\t2\tUSD\t25.80\t0\t0\t0\tStandard\tAda\t\t\t\t\t\t\tUS\t\t\t\t\t\n",
		opts:    record.Options{Dialect: record.Dialect{Separator: '\t'}},
		layout:  "2006-01-02T15:04:05Z07:00",
		want:    []string{"123-1 MUG-1 Mug 2 2023-01-02T21:33:00 12.90 25.8000 ab12@marketplace.example US "},
	},
	"magento": {
		header:  `ID,"Purchase Point","Purchase Date","Bill-to Name","Ship-to Name","Grand Total (Base)","Grand Total (Purchased)",Status,"Billing Address","Shipping Address","Shipping Information","Customer Email","Customer Group",Subtotal,"Shipping and Handling","Customer Name","Payment Method","Total Refunded","Allocated sources"`,
		records: `000000012,"Main Website","Jan 2, 2023 1:33:00 PM","Ada Example","Ada Example",£32.00,£32.00,complete,,,,ada@shop.example,General,27,5,"Ada Example",checkmo,£2.00,` + "\n",
		layout:  "Jan 2, 2006 3:04:05 PM",
		want:    []string{"000000012   1 2023-01-02T13:33:00 30.00 30.0000 ada@shop.example  complete"},
	},
	"odoo": {
		header:  "Order Reference,Order Date,Customer,Status,Order Lines/Product,Order Lines/Quantity,Order Lines/Unit Price",
		records: "S00007,2023-01-02 13:33:00,Ada Example,Sales Order,[MUG-1] Mug,2,16\n,,,,[BAG-1] Bag,1,20\nS00008,2023-01-03 09:00:00,Bo Example,Cancelled,[BAG-1] Bag,1,20\n",
		layout:  "2006-01-02 15:04:05",
		want: []string{
			"S00007 [MUG-1] Mug [MUG-1] Mug 2 2023-01-02T13:33:00 16.00 0.0000 Ada Example  Sales Order",
			"S00007 [BAG-1] Bag [BAG-1] Bag 1 2023-01-02T13:33:00 20.00 0.0000 Ada Example  Sales Order",
			"S00008 [BAG-1] Bag [BAG-1] Bag 1 2023-01-03T09:00:00 20.00 0.0000 Bo Example  Cancelled",
		},
	},
	"erpnext": {
		header:  "Item Code,Item Name,Item Group,Description,Invoice,Posting Date,Customer Group,Customer,Customer Name,Receivable Account,Mode Of Payment,Territory,Project,Company,Sales Order,Delivery Note,Income Account,Cost Center,Stock Qty,Stock UOM,Rate,Amount",
		records: "MUG-1,Mug,Cups,A mug,SINV-7,2023-01-02,Retail,CUST-3,Ada Example,Debtors,,Germany,,C,,,Sales,Main,3,Nos,10.67,32\nMUG-1,Mug,Cups,A mug,SINV-8,2023-01-02,Retail,CUST-3,Ada Example,Debtors,,Germany,,C,,,Sales,Main,3,Nos,10.67,64\n",
		layout:  "2006-01-02",
		want:    []string{"SINV-7 MUG-1 Mug 3 2023-01-02T00:00:00 10.67 32.0000 CUST-3 Germany "},
		rules:   []string{"amount_mismatch"},
	},
	"toast": {
		header:  "Location Code,Opened Date,Opened Time,Item Description,Server,Tax,Tender,Check Id,Check #,Total,Customer Family,Table Size,Discount,Reason of Discount,Link,Customer Id,Customer,Customer Phone,Customer Email",
		records: `,01/02/23,1:33 PM,"Mug,Bag",Sam,0,Cash,900,1,32.00,,2,0,,,C1,Ada,,` + "\n",
		layout:  "1/2/06 3:04 PM",
		want:    []string{"900   1 2023-01-02T13:33:00 32.00 32.0000 C1  "},
	},
}

func TestPresetsReadTheirExports(t *testing.T) {
	for name, export := range exports {
		t.Run(name, func(t *testing.T) {
			sep := ","
			if export.opts.Dialect.Separator != 0 {
				sep = string(export.opts.Dialect.Separator)
			}
			header := fields(t, export.header, rune(sep[0]), 100)[0][:strings.Count(export.header, sep)+1]
			found := record.FindPreset(header)
			if found == nil || found.Name != name {
				t.Fatalf("header is taken for that of %+v", found)
			}
			opts := export.opts
			opts.Preset = found
			var err error
			if opts.Layout, err = record.ParseLayout(export.layout); err != nil {
				t.Fatal(err)
			}
			records := fields(t, export.records, rune(sep[0]), len(header))
			var text bytes.Buffer
			w := csv.NewWriter(&text)
			w.Comma = rune(sep[0])
			if err := w.WriteAll(append([][]string{header}, records...)); err != nil {
				t.Fatal(err)
			}
			check := func(o recordtest.Outcome, err error) {
				t.Helper()
				var rules []string
				for _, r := range o.Rejects {
					rules = append(rules, r.Rules)
				}
				if diff := cmp.Diff(export.want, said(o.Lines)) + cmp.Diff(export.rules, rules); diff != "" || err != nil {
					t.Errorf("%v\n%s", err, diff)
				}
			}
			for _, opts.Chunk = range []int{1, 50, 1 << 20} {
				check(read(t, bytes.NewReader(text.Bytes()), opts))
			}
			sheet := rows(append([][]string{header}, records...)) // cells of text say the same
			check(readTables(t, opts, &record.Table{Rows: &sheet}))
		})
	}
}

// fields returns the fields of records, as many as the header has.
func fields(t *testing.T, records string, sep rune, width int) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(records))
	r.Comma, r.FieldsPerRecord = sep, -1
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if len(all[i]) > width {
			t.Fatalf("record %d has %d fields, the header %d", i+1, len(all[i]), width)
		}
		all[i] = append(all[i], make([]string, width-len(all[i]))...)
	}
	return all
}

func said(lines []recordtest.Line) []string {
	var said []string
	for _, l := range lines {
		said = append(said, fmt.Sprint(l.Invoice, " ", l.Code, " ", l.Description, " ", l.Quantity, " ", utc(l.Time).Format("2006-01-02T15:04:05"), " ", l.Price, " ", l.Amount, " ",
			l.Customer, " ", l.Country, " ", l.Status))
	}
	return said
}

// Every preset is known by its own signs and no other's, and what it looks for can be found.
func TestPresets(t *testing.T) {
	for _, p := range record.Presets {
		t.Run(p.Name, func(t *testing.T) {
			if q, err := record.ParsePreset(p.Name); err != nil || q != p {
				t.Error(q, err)
			}
			if found := record.FindPreset(p.Signs); found != p {
				t.Errorf("its signs are taken for those of %+v", found)
			}
			if !strings.HasPrefix(p.Source, "https://") || p.Title == "" {
				t.Error("it has no source or no title")
			}
			for _, layout := range p.Layouts {
				if _, err := record.ParseLayout(layout); err != nil {
					t.Error(err)
				}
			}
			if _, tested := exports[p.Name]; !tested && p.Note == "" {
				t.Error("it has no test")
			}
		})
	}
	if _, err := record.ParsePreset("shop"); err == nil || !strings.Contains(err.Error(), "shopify, ") {
		t.Error(err)
	}
}

func TestExportsWithoutCustomersSayWhatHasThem(t *testing.T) {
	for name, header := range map[string]string{
		"amazon-all-orders": "amazon-order-id\tmerchant-order-id\tpurchase-date\tlast-updated-date\torder-status\tfulfillment-channel\tsales-channel\torder-channel\turl\tship-service-level\tproduct-name\tsku\tasin\titem-status\tquantity\tcurrency\titem-price\titem-tax\tshipping-price\tshipping-tax\tgift-wrap-price\tgift-wrap-tax\titem-promotion-discount\tship-promotion-discount\tship-city\tship-state\tship-postal-code\tship-country\tpromotion-ids",
		"toast-items":       "Location\tOrder Id\tOrder #\tSent Date\tOrder Date\tCheck Id\tServer\tTable\tDining Area\tService\tDining Option\tItem Selection Id\tItem Id\tMaster Id\tSKU\tPLU\tMenu Item\tMenu Subgroup(s)\tMenu Group\tMenu\tSales Category\tGross Price\tDiscount\tNet Price\tQty\tTax\tVoid?\tDeferred\tTax Exempt\tTax Inclusion Option\tDining Option Tax\tTab Name",
	} {
		columns := strings.Split(header, "\t")
		p := record.FindPreset(columns)
		if p == nil || p.Name != name {
			t.Fatalf("%s: taken for %+v", name, p)
		}
		if _, err := record.FindColumns(columns, p, nil); err == nil || !strings.Contains(err.Error(), "no column for customer") || !strings.Contains(err.Error(), p.Note) {
			t.Error(err)
		}
		if c, err := record.FindColumns(columns, p, record.ColumnNames{record.FieldCustomer: ""}); err != nil || c.Has(record.FieldCustomer) || !c.Has(record.FieldAmount) {
			t.Error(c, err)
		}
	}
}

// Etsy's order items need no preset: its columns are known by their names.
func TestEtsyOrderItemsAreFoundByTheirNames(t *testing.T) {
	header := strings.Split("Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Coupon Details,Discount Amount,Shipping Discount,Order Shipping,Order Sales Tax,Item Total,Currency,Transaction ID,Listing ID,Date Paid,Date Shipped,Ship Name,Ship Address1,Ship Address2,Ship City,Ship State,Ship Zipcode,Ship Country,Order ID,Variations,Order Type,Listings Type,Payment Type", ",")
	c, err := record.FindColumns(header, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for field, column := range map[record.Field]string{
		record.FieldInvoice: "Order ID", record.FieldCode: "Listing ID", record.FieldDescription: "Item Name", record.FieldQuantity: "Quantity", record.FieldTime: "Sale Date",
		record.FieldPrice: "Price", record.FieldCustomer: "Buyer", record.FieldCountry: "Ship Country", record.FieldCurrency: "Currency",
	} {
		if !c.Has(field) || header[c.At[field]] != column {
			t.Errorf("%s is not %s: %+v", field, column, c.At)
		}
	}
	if c.Has(record.FieldAmount) {
		t.Error("there is a price, and a total is taken too")
	}
}
