package record

// spellings are the header names that both UCI files use (Online Retail: InvoiceNo, UnitPrice, CustomerID; Online Retail
// II: Invoice, Price, Customer ID). They are looked for where no preset is chosen, and compared by headerKey.
var spellings = [NumFields][]string{
	FieldInvoice:     {"InvoiceNo", "Invoice"},
	FieldCode:        {"StockCode"},
	FieldDescription: {"Description"},
	FieldQuantity:    {"Quantity"},
	FieldTime:        {"InvoiceDate"},
	FieldPrice:       {"UnitPrice", "Price"},
	FieldCustomer:    {"CustomerID", "Customer ID"},
	FieldCountry:     {"Country"},
	FieldAmount:      {"Amount", "LineTotal"},
	FieldStatus:      {"Status", "OrderStatus", "FinancialStatus", "PaymentStatus", "TransactionType", "DocumentType", "InvoiceType", "OrderType", "Type", "Belegart"},
}

// otherSpellings are the names under which other shops keep a field, the best first: English, German, French, Spanish, Italian and
// Dutch. They are looked for field by field where no column has one of the spellings, and compared by looseKey; "A+B" are two
// columns. A line total is looked for only where there is no price: it may have taxes and discounts in it that the price has not.
var otherSpellings = [NumFields][]string{
	FieldInvoice: {
		"Invoice Number", "Invoice Nr", "Invoice ID", "Order Number", "Order No", "Order Nr", "Order ID", "Order", "Receipt Number", "Receipt No", "Receipt ID", "Receipt",
		"Transaction ID", "Transaction Number", "Transaction No", "Bill Number", "Bill No", "Ticket Number", "Document No", "Check No",
		"Rechnungsnummer", "Rechnungsnr", "Rechnung Nr", "Rechnung", "Bestellnummer", "Bestellnr", "Auftragsnummer", "Auftragsnr", "Belegnummer", "Belegnr", "Bonnummer",
		"Numéro de facture", "N° facture", "Facture", "Numéro de commande", "N° commande", "Commande", "Número de factura", "Factura", "Número de pedido", "Pedido",
		"Numero fattura", "Fattura", "Numero ordine", "Ordine", "Factuurnummer", "Ordernummer", "Bestelnummer",
	},
	FieldCode: {
		"SKU", "Product Code", "Product ID", "Item Code", "Item Number", "Item No", "Item ID", "Article Number", "Article No", "Article Code", "Variant SKU", "Barcode", "EAN", "PLU", "Listing ID",
		"Artikelnummer", "Artikelnr", "Art Nr", "Produktnummer", "Materialnummer", "Code article", "Code produit", "Référence", "Código de producto", "Código", "Referencia",
		"Codice articolo", "Codice", "Artikelcode",
	},
	FieldDescription: {
		"Product Name", "Item Name", "Product Description", "Item Description", "Product Title", "Product", "Item", "Title", "Artikelbezeichnung", "Bezeichnung", "Produktname",
		"Produkt", "Artikel", "Beschreibung", "Désignation", "Libellé", "Produit", "Article", "Descripción", "Producto", "Descrizione", "Prodotto", "Omschrijving",
	},
	FieldQuantity: {
		"Qty", "Quantity Sold", "Quantity Ordered", "Qty Ordered", "Units Sold", "Units", "Pieces", "Menge", "Anzahl", "Stückzahl", "Stück", "Stueck", "Quantité", "Qté", "Cantidad",
		"Quantità", "Aantal",
	},
	FieldTime: {
		"Invoice Date+Invoice Time", "Order Date+Order Time", "Date+Time", "Datum+Uhrzeit", "Datum+Zeit", "Date+Heure", "Fecha+Hora", "Data+Ora", "Datum+Tijd",
		"Order Date", "Order Datetime", "Sale Date", "Transaction Date", "Purchase Date", "Receipt Date", "Posting Date", "Created At", "Datetime", "Timestamp", "Date",
		"Rechnungsdatum", "Bestelldatum", "Auftragsdatum", "Belegdatum", "Kaufdatum", "Verkaufsdatum", "Datum", "Date de facture", "Date de commande", "Fecha de factura", "Fecha",
		"Data fattura", "Data ordine", "Data", "Factuurdatum", "Orderdatum", "Time", "Zeitstempel", "Zeitpunkt",
	},
	FieldPrice: {
		"Price per Unit", "Item Price", "Selling Price", "Sale Price", "Einzelpreis", "Stückpreis", "Stueckpreis", "Verkaufspreis", "Preis", "Prix unitaire", "Prix",
		"Precio unitario", "Precio", "Prezzo unitario", "Prezzo", "Stuksprijs", "Prijs",
	},
	FieldCustomer: {
		"Customer Number", "Customer No", "Customer Nr", "Customer Code", "Customer Email", "Email Address", "Email", "E-Mail", "Buyer Email", "Client ID", "Member ID", "User ID", "Account Number",
		"Customer", "Client", "Buyer User ID", "Buyer Username", "Buyer ID", "Buyer", "Kundennummer", "Kundennr", "Kunden ID", "Kunden Nr", "E-Mail-Adresse", "Kunde", "Numéro client", "N° client", "Code client", "ID cliente", "Código de cliente",
		"Cliente", "Klantnummer", "Klant",
	},
	FieldCountry: {"Country Code", "Shipping Country", "Ship Country", "Billing Country", "Land", "Pays", "País", "Paese", "Nazione"},
	FieldAmount: {
		"Line Amount", "Row Total", "Net Sales", "Sales Amount", "Total Price", "Total Amount", "Sales", "Revenue", "Zeilensumme", "Positionsbetrag", "Gesamtpreis", "Betrag", "Summe", "Umsatz",
		"Montant", "Importe", "Importo", "Bedrag", "Order Total", "Invoice Total", "Grand Total", "Gesamtbetrag", "Rechnungsbetrag", "Bestellsumme", "Montant total",
		"Importe total", "Totale", "Totaal", "Total", "Gesamt",
	},
	FieldStatus: {"Financial Status", "Payment Status", "Transaction Type", "Doc Type", "Voucher Type", "Bestellstatus", "Vorgangsart", "Belegtyp", "Dokumentart", "Type de document", "Tipo de documento",
		"Tipo documento", "Statut", "Estado", "Stato"},
	FieldCurrency: {"Currency", "Currency Code", "Currency ISO Code", "Order Currency", "Invoice Currency", "Transaction Currency", "Währung", "Waehrung", "Währungscode", "Devise", "Moneda",
		"Divisa", "Valuta"},
}

// noCustomers is the note of exports that cannot be segmented.
const noCustomers = "this export does not say who bought"

// Presets are the known exports. Column names are facts from the documentation that each names; the tests have the whole lists.
var Presets = []*Preset{
	{
		Name: "shopify", Title: "Shopify, orders", Source: "https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders",
		Signs: []string{"Name", "Created at", "Lineitem name", "Lineitem quantity", "Lineitem price"},
		Columns: map[Field][]string{
			FieldInvoice: {"Name"}, FieldCode: {"Lineitem sku"}, FieldDescription: {"Lineitem name"}, FieldQuantity: {"Lineitem quantity"},
			FieldTime: {"Created at"}, FieldPrice: {"Lineitem price"}, FieldCustomer: {"Email", "Phone"},
			FieldCountry: {"Shipping Country", "Billing Country"}, FieldStatus: {"Cancelled at+Financial Status", "Financial Status"},
			FieldCurrency: {"Currency"}, FieldDiscount: {"Lineitem discount"},
		},
		Words: map[string]string{"Cancelled at": "cancelled"},
		Carry: []Field{FieldTime, FieldCustomer, FieldCountry, FieldStatus, FieldCurrency}, CodeOrDescription: true,
		Layouts: []string{"2006-01-02 15:04:05 -0700"}, Zone: "the shop's, with its offset",
	},
	{
		// Squarespace's help lists no columns: these are those of an export that the crate sales has among its tests.
		Name: "squarespace", Title: "Squarespace, orders", Source: "https://docs.rs/crate/sales/0.2.3/source/testdata/squarespace.csv",
		Signs: []string{"Order ID", "Created at", "Lineitem name", "Lineitem quantity", "Lineitem price", "Channel Name"},
		Columns: map[Field][]string{
			FieldInvoice: {"Order ID"}, FieldCode: {"Lineitem sku"}, FieldDescription: {"Lineitem name"}, FieldQuantity: {"Lineitem quantity"},
			FieldTime: {"Created at"}, FieldPrice: {"Lineitem price"}, FieldCustomer: {"Email"},
			FieldCountry: {"Shipping Country", "Billing Country"}, FieldStatus: {"Cancelled at+Financial Status", "Financial Status"},
			FieldCurrency: {"Currency"},
		},
		Words: map[string]string{"Cancelled at": "cancelled"},
		Carry: []Field{FieldTime, FieldCustomer, FieldCountry, FieldStatus, FieldCurrency}, CodeOrDescription: true,
		Layouts: []string{"2006-01-02 15:04:05 -0700"}, Zone: "the site's, with its offset",
	},
	{
		// Labels of Automattic\WooCommerce\Admin\API\Reports\Orders\Controller::get_export_columns.
		Name: "woocommerce-analytics", Title: "WooCommerce, Analytics, Orders", Source: "https://woocommerce.com/document/woocommerce-analytics/",
		Signs: []string{"Order #", "N. Revenue (formatted)", "Customer type", "Items sold"},
		Columns: map[Field][]string{
			FieldInvoice: {"Order #"}, FieldTime: {"Date"}, FieldAmount: {"Net Sales", "N. Revenue"}, FieldCustomer: {"Customer"}, FieldStatus: {"Status"},
		},
		Layouts: []string{"2006-01-02 15:04:05"}, Zone: "the site's",
	},
	{
		// Labels of the plugin Advanced Order Export For WooCommerce, one row a product.
		Name: "woocommerce", Title: "WooCommerce, Advanced Order Export", Source: "https://docs.algolplus.com/algol_order_export/",
		Signs: []string{"Order Number", "Order Date", "Email (Billing)", "Item Cost"},
		Columns: map[Field][]string{
			FieldInvoice: {"Order Number"}, FieldCode: {"SKU"}, FieldDescription: {"Item Name", "Product Name", "Name"},
			FieldQuantity: {"Quantity (- Refund)", "Quantity"}, FieldTime: {"Order Date"}, FieldPrice: {"Item Cost"},
			FieldCustomer: {"Email (Billing)"}, FieldCountry: {"Country Code (Billing)", "Country Name (Billing)"}, FieldStatus: {"Order Status"},
		},
		CodeOrDescription: true, Layouts: []string{"2006-01-02 15:04"}, Zone: "the site's",
	},
	{
		// The format Default - One Row per Item.
		Name: "woocommerce-items", Title: "WooCommerce, Customer/Order/Coupon Export", Source: "https://woocommerce.com/document/ordercustomer-csv-export/",
		Signs: []string{"order_number", "billing_email", "item_sku", "item_quantity", "item_total"},
		Columns: map[Field][]string{
			FieldInvoice: {"order_number"}, FieldCode: {"item_sku"}, FieldDescription: {"item_name"}, FieldQuantity: {"item_quantity"},
			FieldTime: {"date", "order_date"}, FieldAmount: {"item_total"}, FieldCustomer: {"billing_email"}, FieldCountry: {"billing_country"}, FieldStatus: {"status"},
			FieldDiscount: {"item_refunded"},
		},
		CodeOrDescription: true, Layouts: []string{"2006-01-02 15:04:05"}, Zone: "the site's",
	},
	{
		Name: "square", Title: "Square, items detail", Source: "https://squareup.com/help/us/en/article/5072-summaries-and-reports-from-the-online-square-dashboard",
		Signs: []string{"Date", "Item", "Qty", "Price Point Name", "Net Sales"},
		Columns: map[Field][]string{
			FieldInvoice: {"Transaction ID", "Payment ID"}, FieldCode: {"SKU"}, FieldDescription: {"Item"}, FieldQuantity: {"Qty"},
			FieldTime: {"Date+Time", "Date"}, FieldAmount: {"Net Sales"}, FieldCustomer: {"Customer ID"}, FieldStatus: {"Event Type"},
		},
		CodeOrDescription: true, Zone: "the location's, named in the column Time Zone",
	},
	{
		Name: "amazon", Title: "Amazon, order report", Source: "https://sellercentral.amazon.com/gp/help/external/201648780",
		Signs: []string{"order-id", "order-item-id", "purchase-date", "buyer-email", "item-price"},
		Columns: map[Field][]string{
			FieldInvoice: {"order-id"}, FieldCode: {"sku"}, FieldDescription: {"product-name", "item-name"}, FieldQuantity: {"quantity-purchased"},
			FieldTime: {"purchase-date"}, FieldAmount: {"item-price"}, FieldCustomer: {"buyer-email"}, FieldCountry: {"ship-country"}, FieldCurrency: {"currency"},
			FieldDiscount: {"item-promotion-discount"},
		},
		Layouts: []string{"2006-01-02T15:04:05Z07:00"}, Zone: "UTC or the marketplace's, with its offset",
	},
	{
		Name: "amazon-all-orders", Title: "Amazon, all orders", Source: "https://sellercentral.amazon.com/gp/help/external/200547170",
		Signs: []string{"amazon-order-id", "purchase-date", "order-status", "item-price"},
		Columns: map[Field][]string{
			FieldInvoice: {"amazon-order-id"}, FieldCode: {"sku"}, FieldDescription: {"product-name"}, FieldQuantity: {"quantity", "quantity-purchased"},
			FieldTime: {"purchase-date"}, FieldAmount: {"item-price"}, FieldCustomer: {"buyer-email"}, FieldCountry: {"ship-country"},
			FieldStatus: {"order-status"}, FieldCurrency: {"currency"}, FieldDiscount: {"item-promotion-discount"},
		},
		Layouts: []string{"2006-01-02T15:04:05Z07:00"}, Zone: "UTC",
		Note: noCustomers + "; Amazon's order report does, by buyer-email",
	},
	{
		// The grid of orders, exported as csv.
		Name: "magento", Title: "Magento, orders", Source: "https://experienceleague.adobe.com/en/docs/commerce-admin/stores-sales/order-management/orders/orders",
		Signs: []string{"ID", "Purchase Date", "Bill-to Name", "Grand Total (Base)"},
		Columns: map[Field][]string{
			FieldInvoice: {"ID"}, FieldTime: {"Purchase Date"}, FieldAmount: {"Grand Total (Base)"}, FieldCustomer: {"Customer Email", "Bill-to Name"}, FieldStatus: {"Status"},
			FieldDiscount: {"Total Refunded"},
		},
		Layouts: []string{"Jan 2, 2006 3:04:05 PM", "2006-01-02 15:04:05"}, Zone: "the store's",
	},
	{
		Name: "odoo", Title: "Odoo, sales orders with their lines", Source: "https://www.odoo.com/documentation/18.0/applications/essentials/export_import_data.html",
		Signs: []string{"Order Reference", "Order Lines/Product", "Order Lines/Quantity", "Order Lines/Unit Price"},
		Columns: map[Field][]string{
			FieldInvoice: {"Order Reference"}, FieldCode: {"Order Lines/Product/Internal Reference", "Order Lines/Product"},
			FieldDescription: {"Order Lines/Description", "Order Lines/Product"}, FieldQuantity: {"Order Lines/Quantity"},
			FieldTime: {"Order Date", "Creation Date"}, FieldPrice: {"Order Lines/Unit Price"}, FieldCustomer: {"Customer/ID", "Customer"},
			FieldCountry: {"Customer/Country"}, FieldStatus: {"Status"},
		},
		Carry:   []Field{FieldInvoice, FieldTime, FieldCustomer, FieldCountry, FieldStatus},
		Layouts: []string{"2006-01-02 15:04:05"}, Zone: "the user's",
	},
	{
		// Columns of the report's get_columns in erpnext/accounts/report/item_wise_sales_register.
		Name: "erpnext", Title: "ERPNext, item-wise sales register", Source: "https://docs.frappe.io/erpnext/user/manual/en/accounting-reports",
		Signs: []string{"Item Code", "Invoice", "Posting Date", "Customer", "Stock Qty", "Rate"},
		Columns: map[Field][]string{
			FieldInvoice: {"Invoice"}, FieldCode: {"Item Code"}, FieldDescription: {"Item Name", "Description"}, FieldQuantity: {"Stock Qty"},
			FieldTime: {"Posting Date"}, FieldPrice: {"Rate"}, FieldAmount: {"Amount"}, FieldCustomer: {"Customer"}, FieldCountry: {"Territory"},
		},
		Layouts: []string{"2006-01-02", "02-01-2006"}, Zone: "the company's",
	},
	{
		Name: "toast", Title: "Toast, check details", Source: "https://doc.toasttab.com/doc/platformguide/adminDataExportFieldReference.html",
		Signs: []string{"Opened Date", "Opened Time", "Check Id", "Total", "Customer Id"},
		Columns: map[Field][]string{
			FieldInvoice: {"Check Id"}, FieldTime: {"Opened Date+Opened Time"}, FieldAmount: {"Total"}, FieldCustomer: {"Customer Id"},
		},
		Layouts: []string{"1/2/06 3:04 PM"}, Zone: "the restaurant's",
	},
	{
		Name: "toast-items", Title: "Toast, item selection details", Source: "https://doc.toasttab.com/doc/platformguide/adminDataExportFieldReference.html",
		Signs: []string{"Order Id", "Order Date", "Check Id", "Menu Item", "Net Price", "Qty"},
		Columns: map[Field][]string{
			FieldInvoice: {"Check Id"}, FieldCode: {"Item Id"}, FieldDescription: {"Menu Item"}, FieldQuantity: {"Qty"},
			FieldTime: {"Order Date"}, FieldAmount: {"Net Price"}, FieldStatus: {"Void?"},
		},
		Words: map[string]string{"Void?": "void"}, Layouts: []string{"1/2/06 3:04 PM"}, Zone: "the restaurant's",
		Note: noCustomers + "; Toast's check details do, by Customer Id, for orders",
	},
}
