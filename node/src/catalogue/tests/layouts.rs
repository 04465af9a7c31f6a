//! Files in other shops' layouts.

use super::*;

const WOO: &str = "\
ID,Type,SKU,Name,Published,Description,In stock?,Stock,Backorders allowed?,Sale price,Regular price,Categories,Tags,Images,Parent,Attribute 1 name,Attribute 1 value(s),Meta: shelf
10,variable,TEA,Green tea,1,<p>Fired by hand</p>,1,,0,,,Tea > Green,\"tea, green\",\"https://x.example/a.jpg, https://x.example/b.jpg\",,Size,\"50 g, 100 g\",B4
11,variation,TEA-50,Green tea - 50 g,1,,1,20,0,,4.50,,,,id:10,Size,50 g,
12,variation,TEA-100,Green tea - 100 g,1,,0,,0,,8.20,,,,TEA,Size,100 g,
13,simple,CUP,\"Cup, blue\",1,,1,,0,9.00,12.00,,,,,Glaze,blue,
14,\"simple, downloadable, virtual\",PDF,Field notes,1,,1,3,notify,,5.00,,,,,,,
15,grouped,SET,A set,1,,1,,0,,,,,,,,,
16,simple,OFF,Not for sale,0,,1,,0,,1.00,,,,,,,
";

const ETSY: &str = "\
TITLE,DESCRIPTION,PRICE,CURRENCY_CODE,QUANTITY,TAGS,MATERIALS,IMAGE1,IMAGE2,VARIATION 1 TYPE,VARIATION 1 NAME,VARIATION 1 VALUES,VARIATION 2 TYPE,VARIATION 2 NAME,VARIATION 2 VALUES,SKU
Knitted hat,\"Warm &amp; soft\",25.00,USD,12,\"wool_hat,winter\",wool,https://x.example/h.jpg,https://x.example/i.jpg,Color,Color,\"Red,Blue\",Size,Size,\"Child,Adult\",\"HR1,HR2,HB1,HB2\"
Bowl,Thrown by hand,40.00,USD,3,,,,,,,,,,,BOWL
";

const GOOGLE: &str = "\
id\ttitle\tdescription\tlink\timage_link\tavailability\tprice\tsale_price\titem_group_id\tcolor\tsize\tgtin
S-R\tSoap\tOlive oil\thttps://x.example/s\thttps://x.example/s.jpg\tin_stock\t9.99 USD\t\tSOAP\tred\t\t4006381333931
S-G\tSoap\tOlive oil\thttps://x.example/s\thttps://x.example/s.jpg\tout_of_stock\t9.99 USD\t7.50 USD\tSOAP\tgreen\t\t
B\tBroom\t\t\t\tin stock\t12.00 USD\t\t\tbrown\t\t
P\tPan\t\t\t\tpreorder\t30.00 USD\t\t\t\t\t
";

const SCHEMA: &str = r#"{"@context": "https://schema.org/", "@graph": [
  {"@type": "ProductGroup", "productGroupID": "TEA", "name": "Green tea", "description": "Fired by hand",
   "image": ["https://x.example/a.jpg"], "brand": {"@type": "Brand", "name": "Hill"}, "variesBy": ["https://schema.org/size"],
   "aggregateRating": {"ratingValue": "5"},
   "hasVariant": [
     {"@type": "Product", "sku": "T-50", "size": "50 g", "offers": {"@type": "Offer", "price": 4.5, "priceCurrency": "CNY", "availability": "https://schema.org/InStock"}},
     {"@type": "Product", "sku": "T-100", "size": "100 g", "offers": [{"@type": "Offer", "price": "8.20", "priceCurrency": "CNY", "availability": "SoldOut"}]}]},
  {"@type": ["Product"], "sku": "CUP", "name": "Cup", "gtin13": "4006381333931",
   "offers": {"price": "12.00", "priceCurrency": "CNY", "inventoryLevel": {"@type": "QuantitativeValue", "value": 6}}},
  {"@type": "Product", "name": "Many prices", "offers": {"@type": "AggregateOffer", "lowPrice": "1"}}
]}"#;

fn warned(reading: &Reading) -> Vec<(u64, &str)> {
    reading.warnings.iter().map(|warning| (warning.row, warning.column.as_str())).collect()
}

fn options_of(product: &Product) -> Vec<String> {
    let one = |variant: &Variant| variant.options.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ");
    product.listing.variants.iter().map(one).collect()
}

#[test]
fn woocommerce_products_and_their_variations() {
    let reading = read_text(WOO);
    assert_eq!(reading.refused, []);
    assert_eq!(handles(&reading), ["woo-10", "woo-13", "woo-14"]);
    let tea = &reading.products[0];
    assert_eq!((tea.listing.title.as_str(), tea.listing.description.as_str(), tea.rows.clone()), ("Green tea", "Fired by hand", 2..=4));
    assert_eq!(skus(tea), [("TEA-50", 450, Some(20)), ("TEA-100", 820, Some(0))]);
    assert_eq!(options_of(tea), ["Size=50 g", "Size=100 g"]);
    assert_eq!((tea.listing.tags.len(), tea.listing.images.len()), (2, 2));
    assert!(tea.kept.variants["TEA-50"].contains(&("Meta: shelf".to_owned(), "B4".to_owned())), "{:?}", tea.kept);
    assert_eq!((skus(&reading.products[1]), options_of(&reading.products[1])), (vec![("CUP", 900, None)], vec![String::new()]));
    assert_eq!(reading.products[2].listing.delivery, [Delivery::Digital {}], "what is downloaded is a file");
    assert_eq!(warned(&reading), [(5, "Sale price"), (6, "Backorders allowed?"), (7, "Type"), (8, "Published")]);
    let bad =
        "ID,Type,SKU,Name,Regular price,Parent\n1,variation,A,A,1.00,id:9\n2,variable,B,B,,\n3,bundle,C,C,1.00,\n4,simple,D,D,\"1,50\",\n";
    assert_eq!(
        places(&read_text(bad)),
        [(2, "Parent", "id:9"), (3, "Type", "variable"), (4, "Type", "bundle"), (5, "Regular price", "1,50")]
    );
}

#[test]
fn etsy_variations_are_ambiguous_and_said_so() {
    let reading = read_text(ETSY);
    assert_eq!(reading.refused, []);
    let hat = &reading.products[0];
    assert_eq!(skus(hat), ["HR1", "HR2", "HB1", "HB2"].map(|sku| (sku, 2500, Some(12))));
    assert_eq!(options_of(hat), ["Color=Red Size=Child", "Color=Red Size=Adult", "Color=Blue Size=Child", "Color=Blue Size=Adult"]);
    assert_eq!((hat.listing.currency.code(), &hat.listing.tags), ("USD", &vec!["wool hat".to_owned(), "winter".to_owned()]));
    assert_eq!(hat.kept.variants["HR1"], [("MATERIALS".to_owned(), "wool".to_owned())]);
    assert_eq!(warned(&reading), [(2, "QUANTITY")]);
    assert!(reading.warnings[0].reason.contains("all 4 combinations together"), "{:?}", reading.warnings);
    assert_eq!((handles(&reading)[1], skus(&reading.products[1])), ("BOWL", vec![("BOWL", 4000, Some(3))]));
}

#[test]
fn google_feeds_by_group() {
    let reading = read_text(GOOGLE);
    assert_eq!(reading.refused, []);
    assert_eq!(handles(&reading), ["SOAP", "B"]);
    assert_eq!(skus(&reading.products[0]), [("S-R", 999, None), ("S-G", 750, Some(0))]);
    assert_eq!(options_of(&reading.products[0]), ["Color=red", "Color=green"]);
    assert_eq!((reading.products[0].listing.currency.code(), options_of(&reading.products[1])), ("USD", vec![String::new()]));
    assert_eq!(reading.products[0].kept.variants["S-R"][1], ("gtin".to_owned(), "4006381333931".to_owned()));
    assert_eq!(warned(&reading), [(3, "sale price"), (5, "availability")]);
    let bad = "id,title,price,availability\nA,A,9.99,in_stock\nB,B,9.99 XYZ,in_stock\nC,C,1.00 USD,maybe\n";
    assert_eq!(places(&read_text(bad)), [(2, "price", "9.99"), (3, "price", "XYZ"), (4, "availability", "maybe")]);
}

#[test]
fn schema_products_without_their_ratings() {
    let reading = read_text(SCHEMA);
    assert_eq!(handles(&reading), ["TEA", "CUP"]);
    assert_eq!(skus(&reading.products[0]), [("T-50", 450, None), ("T-100", 820, Some(0))]);
    assert_eq!(
        (options_of(&reading.products[0]), skus(&reading.products[1])),
        (vec!["Size=50 g".into(), "Size=100 g".into()], vec![("CUP", 1200, Some(6))])
    );
    assert_eq!(warned(&reading), [(1, "aggregateRating")]);
    assert_eq!(places(&reading), [(3, "offers", "")]);
    assert!(matches!(read(b"{\"@type\": \"Person\"}", &options()), Err(FileError::Json(_))));
    assert!(matches!(read(b"[1, 2", &options()), Err(FileError::Json(_))));
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    assert!(matches!(read(deep.as_bytes(), &options()), Err(FileError::Json(_))));
}

#[test]
fn a_format_that_is_named_is_not_guessed() {
    let as_format =
        |format| read(b"id,title,price,availability\nA,A,1.00 USD,in_stock\n", &Options { format, currency: cny(), encoding: None });
    assert!(as_format(Format::Google).is_ok());
    for format in [Format::Shopify, Format::Woocommerce, Format::Etsy, Format::Haat] {
        assert!(matches!(as_format(format), Err(FileError::MissingColumns { .. })), "{format}");
    }
    assert!(matches!(as_format(Format::Schema), Err(FileError::Json(_))));
}

#[test]
fn a_few_bytes_never_become_a_mountain() {
    let many = vec!["a"; 200_000].join(",");
    let head = "TITLE,PRICE,CURRENCY_CODE,QUANTITY,VARIATION 1 NAME,VARIATION 1 VALUES,VARIATION 2 NAME,VARIATION 2 VALUES\n";
    let reading = read_text(&format!("{head}Hat,1.00,USD,1,Color,\"{many}\",Size,\"{many}\"\n"));
    assert_eq!((places(&reading)[0].1, reading.products.len()), ("VARIATION 1 VALUES", 0), "{:?}", reading.refused[0].reason);
    let kept: Vec<String> = (0..1_001).map(|n| format!("[\"column {n}\", \"x\"]")).collect();
    let variant = format!("{{\"price\": \"1\", \"stock\": null, \"kept\": [{}]}}", kept.join(","));
    let listing = format!("{{\"handle\": \"a\", \"title\": \"A\", \"currency\": \"CNY\", \"variants\": [{variant}]}}");
    let document = |listings: &str| format!("{{\"haat_catalogue\": 0, \"listings\": [{listings}]}}");
    assert_eq!(read(document(&listing).as_bytes(), &options()), Err(FileError::TooManyColumns));
    let combos = format!("Hat,1.00,USD,1,A,\"{0}\",B,\"{0}\"\n", "1,2,3,4,5,6,7,8,9,10");
    assert_eq!(read(format!("{head}{}", combos.repeat(2_001)).as_bytes(), &options()), Err(FileError::TooManyRows));
    let rows = usize::try_from(CATALOGUE_ROWS_MAX).expect("small");
    assert_eq!(read(document(&vec!["0"; rows + 1].join(",")).as_bytes(), &options()), Err(FileError::TooManyRows));
}

#[test]
fn a_cell_of_a_megabyte_is_read_and_not_kept() {
    let reading = read_text(&format!("Handle,Title,Price,Notes,More\ntea,Tea,1,{},shelf 4\n", "x".repeat(1024 * 1024)));
    assert_eq!((reading.refused.len(), warned(&reading)), (0, vec![(2, "Handle")]));
    assert_eq!(reading.products[0].kept.variants[""], [("More".to_owned(), "shelf 4".to_owned())]);
}
